import subprocess
import sys

import pytest
import torch

from gaussrep_gaussiancross.sparse.engine import kernels_for


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_other_dtypes_go_to_torch(dtype):
    assert kernels_for(torch.zeros(1, dtype=dtype)) is None
    assert kernels_for(torch.zeros(1)) is not None


def test_without_numba_torch_does_it():
    program = (
        "import sys; sys.modules['numba'] = None\n"
        "import torch\n"
        "from gaussrep_gaussiancross.sparse.engine import kernels_for\n"
        "print(kernels_for(torch.zeros(1)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "None"
    assert "Numba does not import" in done.stderr
