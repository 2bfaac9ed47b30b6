"""Checks of modules with parameters."""

from collections.abc import Callable, Iterable
from typing import TypeVar

import torch
from torch import Tensor, nn

M = TypeVar("M", bound=nn.Module)


def assert_weights_are_all(module: M, other: M, output: Callable[[M], Tensor]) -> None:
    """Assert that a module with the weights of another gives the same output.

    Args:
        module: Module with the weights.
        other: Module that loads them.
        output: Computes the output of a module.
    """
    other.load_state_dict(module.state_dict())
    assert torch.equal(output(other), output(module))


def assert_all_learn(module: nn.Module, loss: Tensor, spared: Iterable[str] = ()) -> None:
    """Assert that a loss has a finite gradient by every parameter that is trained.

    With several processes, a parameter without a gradient stops the training.

    Args:
        module: Module with the parameters.
        loss: A scalar with a graph.
        spared: Names of parameters that may have none.
    """
    trained = {name: p for name, p in module.named_parameters() if p.requires_grad}
    found = torch.autograd.grad(loss, list(trained.values()), allow_unused=True)
    without = {name for name, gradient in zip(trained, found, strict=True) if gradient is None}
    assert without <= set(spared)
    assert all(torch.isfinite(gradient).all() for gradient in found if gradient is not None)
    assert not trained or any(gradient.any() for gradient in found if gradient is not None)
