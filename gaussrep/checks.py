"""Checks at the outer boundary, each failing with one sentence that names the tensor."""

from collections.abc import Mapping, Sequence
from math import isfinite

import numpy as np
import torch
from torch import Tensor

from gaussrep.errors import ShapeError, ValueRangeError


def check_shape(name: str, tensor: Tensor, wanted: Sequence[int | str]) -> None:
    """Raise unless a tensor has the wanted shape.

    Args:
        name: What the tensor is called in the message.
        tensor: The tensor to look at.
        wanted: One entry per axis: a size, or a letter for an axis of any size.

    Raises:
        ShapeError: If the number of axes or one of the given sizes differs.
    """
    if not isinstance(tensor, Tensor):
        raise ShapeError(f"{name} must be a torch.Tensor, got {type(tensor).__name__}.")
    sizes_agree = len(wanted) == tensor.ndim and all(
        isinstance(want, str) or want == have
        for want, have in zip(wanted, tensor.shape, strict=True)
    )
    if not sizes_agree:
        shape = ", ".join(str(size) for size in wanted)
        raise ShapeError(f"{name} has shape {list(tensor.shape)}, wanted [{shape}].")


def check_alike(tensors: Mapping[str, Tensor]) -> None:
    """Raise unless all tensors are floating, of one dtype and on one device.

    Args:
        tensors: Tensors by name; the first one sets dtype and device.

    Raises:
        ShapeError: If one of them is not floating or differs from the first.
    """
    first_name, first = next(iter(tensors.items()))
    for name, tensor in tensors.items():
        if not tensor.is_floating_point():
            raise ShapeError(f"{name} has dtype {tensor.dtype}, wanted a floating dtype.")
        if tensor.dtype != first.dtype or tensor.device != first.device:
            raise ShapeError(
                f"{name} is {tensor.dtype} on {tensor.device}, but {first_name} is "
                f"{first.dtype} on {first.device}; move one with .to()."
            )


def check_finite(tensors: Mapping[str, Tensor]) -> None:
    """Raise if any value is NaN or infinite.

    Args:
        tensors: Tensors by name.

    Raises:
        ValueRangeError: Naming the first such tensor and how many of its values are not finite.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        doubtful = [name for name, tensor in tensors.items() if not isfinite(_sum(tensor))]
    for name in doubtful:
        tensor = tensors[name]
        bad = int((~torch.isfinite(tensor)).sum())
        if bad:
            raise ValueRangeError(
                f"{name} holds {bad} values that are NaN or infinite (of {tensor.numel()})."
            )


def _sum(tensor: Tensor) -> float:
    """Sum of all values; on the CPU by NumPy, which wakes no threads that would go on spinning."""
    if tensor.device.type == "cpu" and tensor.dtype in (torch.float32, torch.float64):
        return float(np.add.reduce(tensor.numpy(force=True), axis=None))
    return float(tensor.detach().sum())
