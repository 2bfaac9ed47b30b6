"""Compiled kernels of sparse convolution on the CPU, and the conditions for their use."""

import logging
from functools import cache
from types import ModuleType

import torch
from torch import Tensor

logger = logging.getLogger("gaussrep")

KERNEL_DTYPES = (torch.float32, torch.int64)
"""Supported dtypes: of features, and of voxel keys."""


def kernels_for(tensor: Tensor) -> ModuleType | None:
    """Return the compiled kernels, if they support a tensor.

    Args:
        tensor: Features or keys.

    Returns:
        A module with the functions of `pure_torch`; None on devices other than the CPU, for other
        dtypes, and if Numba does not import.
    """
    if tensor.device.type != "cpu" or tensor.dtype not in KERNEL_DTYPES:
        return None
    return _kernels()


@cache
def _kernels() -> ModuleType | None:
    try:
        from gaussrep_gaussiancross.sparse.kernels import launch
    except (ImportError, OSError) as error:
        logger.warning("sparse convolution is slow here: Numba does not import (%s).", error)
        return None
    return launch
