"""Memory that begins with a cache line."""

import numpy as np
import pytest

from gaussrep.rendering.cpu.memory import CACHE_LINE, allocate


@pytest.mark.parametrize("shape", [(0, 3), (5,), (2, 3, 7), (1 << 21,)])
@pytest.mark.parametrize("dtype", [np.float32, np.int32])
def test_arrays_are_aligned(shape, dtype):
    array = allocate(*shape, dtype=dtype)
    assert array.shape == shape
    assert array.dtype == dtype
    assert array.flags.c_contiguous
    assert array.flags.writeable
    assert array.size == 0 or array.ctypes.data % CACHE_LINE == 0
