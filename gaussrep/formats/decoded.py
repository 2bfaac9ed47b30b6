"""Gaussians out of what a file says, or a refusal."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from gaussrep.errors import FormatError
from gaussrep.gaussians import Gaussians

SMALLEST = torch.finfo(torch.float32).tiny
"""What a scale of 0 is read as, which some formats allow and `Gaussians` does not; ours."""


def decoded(**arrays: np.ndarray) -> Gaussians:
    """Make Gaussians of arrays, and look at every value.

    Args:
        **arrays: The fields of `Gaussians`, of any numeric dtype; scales may be 0.

    Returns:
        One scene, float32, on the CPU.

    Raises:
        FormatError: If a value is not finite in float32, or no Gaussian can have it.
    """
    tensors = {name: _finite(name, array) for name, array in arrays.items()}
    refuse((tensors["scales"] < 0).any(-1), "Gaussians with a negative scale")
    refuse((tensors["quats"] == 0).all(-1), "quaternions of length 0")
    opacities = tensors["opacities"]
    refuse((opacities < 0) | (opacities > 1), "opacities outside [0, 1]")
    fields: dict[str, Any] = {**tensors, "scales": tensors["scales"].clamp_min(SMALLEST)}
    return Gaussians(**fields)


def refuse(bad: Tensor, what: str) -> None:
    """Raise if there is anything bad.

    Args:
        bad: What is, one per Gaussian or value.
        what: What that is, in the plural.

    Raises:
        FormatError: Saying how many of how many.
    """
    if bad.any():
        raise FormatError(f"the file holds {int(bad.sum())} {what} (of {bad.numel()}).")


def _finite(name: str, array: np.ndarray) -> Tensor:
    with np.errstate(over="ignore"):
        tensor = torch.from_numpy(array.astype(np.float32))
    refuse(~tensor.isfinite(), f"values of {name} that are NaN or infinite")
    return tensor
