"""A callback and a learning-rate schedule."""

import torch
from gaussrep.training import Callback, Row, Schedule, TrainState

from new_plugin.config import StepDecayConfig


class WeightNorm(Callback):
    """Logs the norm of all weights as the column `weight_norm`."""

    def measure(self, state: TrainState) -> Row:
        """Compute the Euclidean norm of all parameters."""
        norms = [parameter.detach().norm() for parameter in state.method.parameters()]
        return {"weight_norm": torch.stack(norms).norm().item()}


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
