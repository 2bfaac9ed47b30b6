"""A callback, an optimizer and a learning-rate schedule."""

from collections.abc import Callable
from typing import Any

import torch
from gaussrep import Callback, Schedule
from gaussrep.training import TrainState

from new_plugin.config import LionConfig, StepDecayConfig


class WeightNorm(Callback):
    """Logs the norm of all weights as the column `weight_norm`."""

    def measure(self, state: TrainState) -> dict[str, int | float]:
        """Compute the Euclidean norm of all parameters."""
        norms = [parameter.detach().norm() for parameter in state.method.parameters()]
        return {"weight_norm": torch.stack(norms).norm().item()}


class Lion(torch.optim.Optimizer):
    """Moves every weight by the learning rate, along the momentum's sign (Chen et al. 2023).

    Args:
        config: Decay rates of the momentum.
        parameters: Groups with `params` and `weight_decay`.
        lr: Learning rate; a tenth to a third of AdamW's is usual.
    """

    def __init__(self, config: LionConfig, *, parameters: list[dict[str, Any]], lr: float) -> None:
        super().__init__(parameters, {"lr": lr, "betas": config.betas})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Make a step; the weight decay is decoupled from the gradient, as in AdamW."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._move(parameter, parameter.grad, group)
        return loss

    def _move(self, parameter: torch.Tensor, gradient: torch.Tensor, group: dict[str, Any]) -> None:
        state, (within, between) = self.state[parameter], group["betas"]
        momentum = state.setdefault("momentum", torch.zeros_like(parameter))
        direction = momentum.lerp(gradient, 1 - within).sign()
        parameter.mul_(1 - group["lr"] * group["weight_decay"])
        parameter.add_(direction, alpha=-group["lr"])
        momentum.lerp_(gradient, 1 - between)


class StepDecay(Schedule):
    """Divides the learning rate by ten once.

    Args:
        config: When.
        lr: The learning rate before; not needed.
    """

    def __init__(self, config: StepDecayConfig, *, lr: float) -> None:
        self.config = config

    def factor(self, step: int, steps: int) -> float:
        """See `Schedule.factor`."""
        return 1.0 if step <= self.config.decay_fraction * steps else 0.1
