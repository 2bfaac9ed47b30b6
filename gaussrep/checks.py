"""Checks of tensors that users pass in; errors name the tensor."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from math import isfinite

import numpy as np
import torch
from torch import Tensor

from gaussrep.errors import ShapeError, ValueRangeError

GRAIN = 32768
"""Values that torch sums on one thread, at::internal::GRAIN_SIZE of its code."""


def check_shape(name: str, tensor: Tensor, expected: Sequence[int | str]) -> None:
    """Check the shape of a tensor.

    Args:
        name: Name of the tensor for the message.
        tensor: The tensor.
        expected: One entry per axis: a size, or a letter for an axis of any size.

    Raises:
        ShapeError: If the number of axes or a size differs.
    """
    if not isinstance(tensor, Tensor):
        raise ShapeError(f"{name} must be a torch.Tensor, got {type(tensor).__name__}.")
    sizes_agree = len(expected) == tensor.ndim and all(
        isinstance(expected_size, str) or expected_size == size
        for expected_size, size in zip(expected, tensor.shape, strict=True)
    )
    if not sizes_agree:
        shape = ", ".join(str(size) for size in expected)
        raise ShapeError(f"{name} has shape {list(tensor.shape)}, expected [{shape}].")


def check_alike(tensors: Mapping[str, Tensor]) -> None:
    """Check that all tensors are floating, of one dtype and on one device.

    Args:
        tensors: Tensors by name; the first one sets dtype and device.

    Raises:
        ShapeError: If one of them is not floating or differs from the first.
    """
    first_name, first = next(iter(tensors.items()))
    for name, tensor in tensors.items():
        if not tensor.is_floating_point():
            raise ShapeError(f"{name} has dtype {tensor.dtype}, expected a floating dtype.")
        if tensor.dtype != first.dtype or tensor.device != first.device:
            raise ShapeError(
                f"{name} is {tensor.dtype} on {tensor.device}, but {first_name} is "
                f"{first.dtype} on {first.device}; move one with .to()."
            )


def check_finite(tensors: Mapping[str, Tensor]) -> None:
    """Check that all values are finite.

    This synchronizes with the device of the tensors once; see `defer_finite_checks`.

    Args:
        tensors: Tensors by name.

    Raises:
        ValueRangeError: If a value is NaN or infinite; the message names the tensor and gives the
            number of such values.
    """
    on_device = dict[str, Tensor]()
    for name, tensor in tensors.items():
        if not tensor.is_cpu or tensor.dtype not in (torch.float32, torch.float64):
            on_device[name] = tensor
        elif not isfinite(_sum(tensor)):
            _check_each(name, tensor)
    deferred = _deferred.get()
    if deferred is None:
        _check_together(on_device.items())
    else:
        deferred += on_device.items()


@contextmanager
def defer_finite_checks() -> Iterator[None]:
    """Check the values of all tensors of a block together when it ends.

    Inside the block, `check_finite` and renders do not synchronize with the device. Tensors in
    float32 and float64 on the CPU are still checked immediately.

    Yields:
        Nothing.

    Raises:
        ValueRangeError: At the end of the block, as `check_finite` does.

    Examples:
        >>> with defer_finite_checks():
        ...     check_finite({"means": torch.zeros(3)})
    """
    deferred = list[tuple[str, Tensor]]()
    token = _deferred.set(deferred)
    try:
        yield
    finally:
        _deferred.reset(token)
    _check_together(deferred)


_deferred: ContextVar[list[tuple[str, Tensor]] | None] = ContextVar("deferred", default=None)


def _check_together(tensors: Iterable[tuple[str, Tensor]]) -> None:
    """Check the sums of all tensors together; check single values only if a sum is not finite."""
    by_device = defaultdict[torch.device, list[tuple[str, Tensor]]](list)
    for name, tensor in tensors:
        by_device[tensor.device].append((name, tensor))
    for named in by_device.values():
        sums = torch.stack([tensor.detach().sum(dtype=torch.float32) for _, tensor in named])
        if not bool(sums.isfinite().all()):
            for name, tensor in named:
                _check_each(name, tensor)


def _check_each(name: str, tensor: Tensor) -> None:
    """Raise if any value is not finite; finite values may have an infinite sum."""
    bad = int((~torch.isfinite(tensor)).sum())
    if bad:
        raise ValueRangeError(
            f"{name} holds {bad} values that are NaN or infinite (of {tensor.numel()})."
        )


def _sum(tensor: Tensor) -> float:
    """Sum values on the CPU; with NumPy if torch would start threads that keep spinning."""
    if tensor.numel() < GRAIN or torch.get_num_threads() == 1:
        return float(tensor.detach().sum().numpy())  # `item` is counted as a wait
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.add.reduce(tensor.numpy(force=True), axis=None))
