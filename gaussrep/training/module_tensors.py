"""Tensors of a module in every step: torch's own ways take as long as a small step's kernels."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

import torch
from torch import Tensor, nn

T = TypeVar("T", bound=Tensor)


def list_parameters(module: nn.Module) -> list[nn.Parameter]:
    """List the parameters of a module, as `module.parameters()` does.

    Args:
        module: The module.

    Returns:
        Each parameter once, in torch's order.
    """
    return _distinct(part._parameters for part in _modules(module))


def list_buffers(module: nn.Module) -> list[Tensor]:
    """List the buffers of a module, as `module.buffers()` does.

    Args:
        module: The module.

    Returns:
        Each buffer once, in torch's order.
    """
    return _distinct(part._buffers for part in _modules(module))


def gradient_norm(gradients: list[Tensor]) -> float:
    """Compute the Euclidean norm of gradients, as `torch.nn.utils.get_total_norm` does.

    Args:
        gradients: The gradients of all parameters.

    Returns:
        The norm of all their numbers; 0 for none.
    """
    if len({(each.device, each.dtype) for each in gradients}) != 1:
        return float(torch.nn.utils.get_total_norm(gradients))
    norms = torch._foreach_norm(gradients)  # pyright: ignore[reportPrivateImportUsage]
    return float(torch.linalg.vector_norm(torch.stack(norms)))


def _distinct(parts: Iterable[Mapping[str, T | None]]) -> list[T]:
    found = (each for part in parts for each in part.values() if each is not None)
    return list({id(each): each for each in found}.values())


def _modules(module: nn.Module) -> Iterator[nn.Module]:
    """Iterate over a module and its submodules, parents first; shared ones may occur repeatedly."""
    yield module
    for child in module._modules.values():
        if child is not None:
            yield from _modules(child)
