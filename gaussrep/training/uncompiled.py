"""Optimizers of torch without the hooks for `torch.compile`."""

from collections.abc import Callable
from inspect import unwrap
from typing import Any, ParamSpec, TypeVar

import torch
from torch.optim import Optimizer

Arguments = ParamSpec("Arguments")
Kind = TypeVar("Kind", bound=Optimizer)

HOOKED = ("add_param_group", "load_state_dict", "state_dict", "zero_grad")
"""Methods that torch wraps to be left out of compiled graphs."""


def uncompiled(optimizer: Callable[Arguments, Kind]) -> Callable[Arguments, Kind]:
    """Derive an optimizer whose methods do not import `torch._dynamo`.

    torch imports its compiler, some 900 modules, when the first optimizer is made, only to leave
    the optimizer's methods out of compiled graphs. gaussrep compiles models, never an optimizer.

    Args:
        optimizer: A class of `torch.optim`, whose steps are made without `differentiable`.

    Returns:
        A subclass of the same name, with the same numbers and states.
    """
    assert isinstance(optimizer, type)
    step = unwrap(optimizer.step)

    @torch.no_grad()
    def plain_step(self: Optimizer, closure: Callable[[], float] | None = None) -> Any:
        return step(self, closure)

    methods = {name: unwrap(getattr(optimizer, name)) for name in HOOKED}
    return type(optimizer.__name__, (optimizer,), {**methods, "step": plain_step})  # pyright: ignore[reportReturnType]
