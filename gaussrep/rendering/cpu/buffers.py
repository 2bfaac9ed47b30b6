"""Memory of images and projected Gaussians, used again by later calls.

The system fills new memory with zeros page by page, which can take longer than the kernels that
write to it. What a call no longer needs waits here for the next one.
"""

from math import prod
from weakref import finalize

import numpy as np

from gaussrep.kernels.simd.memory import CACHE_LINE

MOST_BYTES = 256 << 20
"""Memory that waits at a time; what has waited longest is freed."""

FEWEST_BYTES = 1 << 20
"""Smaller arrays are left to the C library, which pools them itself."""


class _Lease:
    """Memory lent to arrays; it becomes free again when the last of them is deleted.

    Args:
        memory: Array of bytes.
    """

    def __init__(self, memory: np.ndarray) -> None:
        self.__array_interface__ = memory.__array_interface__
        finalize(self, _give_back, memory).atexit = False


_waiting = dict[int, np.ndarray]()
"""Arrays of bytes by address, in the order in which they were given back.

Each operation on it is atomic: a lease may end at any time, in any thread.
"""


def _give_back(memory: np.ndarray) -> None:
    if len(memory) > MOST_BYTES:
        return
    _waiting[memory.ctypes.data] = memory
    waiting = list(_waiting.items())
    total = sum(len(array) for _, array in waiting)
    for address, array in waiting:
        if total <= MOST_BYTES:
            return
        _waiting.pop(address, None)
        total -= len(array)


def _borrow(size: int) -> np.ndarray:
    """Lend so many bytes or a little more, of the smallest array that waits and is large enough."""
    waiting = list(_waiting.items())
    fitting = [(len(a), at) for at, a in waiting if size <= len(a) <= 2 * size]
    for _, address in sorted(fitting):
        memory = _waiting.pop(address, None)
        if memory is not None:
            return np.asarray(_Lease(memory))
    return np.asarray(_Lease(np.empty(size, np.uint8)))


def allocate(*shape: int, dtype: type[np.generic] = np.float32) -> np.ndarray:
    """Allocate an uninitialized array that begins with a cache line.

    Parts of whole lines share none then, so that no two threads write to the same line. NumPy asks
    Linux for huge pages if an array has 4 MiB or more; torch does not. The first write to
    a page costs more than a thousand multiply-adds: huge pages save four fifths of the time of
    writing a large image, and memory of an earlier call most of the rest.

    Args:
        shape: Lengths of the axes.
        dtype: Type of the numbers.

    Returns:
        The array.
    """
    size = prod(shape) * np.dtype(dtype).itemsize
    needed = size + CACHE_LINE
    memory = _borrow(needed) if size >= FEWEST_BYTES else np.empty(needed, np.uint8)
    start = -memory.ctypes.data % CACHE_LINE
    return memory[start : start + size].view(dtype).reshape(shape)
