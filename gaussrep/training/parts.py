"""What a run trains, built from its configuration."""

from dataclasses import dataclass

import torch

from gaussrep.building import build
from gaussrep.errors import DataError, PluginError
from gaussrep.methods.method import Method
from gaussrep.training import random_state
from gaussrep.training.config import TrainConfig
from gaussrep.training.loader import MapDataset
from gaussrep.training.optimizer import make_optimizer
from gaussrep.training.sampler import SampleOrder


@dataclass(frozen=True, slots=True)
class Parts:
    """A method, its optimizer, and the data it learns from, in order.

    Attributes:
        method: With its first weights, the same in every process.
        optimizer: Over the method's parameters.
        training_set: The `train` split.
        validation_set: The `val` split; None where nothing is measured on it.
        order: Which samples make which step.
    """

    method: Method
    optimizer: torch.optim.Optimizer
    training_set: MapDataset
    validation_set: MapDataset | None
    order: SampleOrder

    @classmethod
    def build(cls, config: TrainConfig, world_size: int) -> "Parts":
        """Build everything that a configuration names.

        Args:
            config: The run's configuration.
            world_size: How many processes train.

        Raises:
            GaussrepError: A data set is missing or too small, or a component is not what it should
                be.
        """
        trainer = config.trainer
        training_set = build("datasets", config.data, split="train")
        order = SampleOrder(
            size=len(training_set),
            seed=config.seed,
            batch_size=trainer.batch_size,
            accumulate=trainer.accumulate,
            world_size=world_size,
        )
        validation_set = _build_validation_set(config) if trainer.evaluate_every else None
        method = _build_method(config)
        optimizer = make_optimizer(method, trainer)
        return cls(method, optimizer, training_set, validation_set, order)


def _build_validation_set(config: TrainConfig) -> MapDataset:
    dataset = build("datasets", config.data, split="val")
    if len(dataset) == 0:
        raise DataError(
            "the validation split is empty; hold some samples out or set trainer.evaluate_every=0"
        )
    return dataset


def _build_method(config: TrainConfig) -> Method:
    random_state.seed_all(config.seed, stream=0)  # the same first weights in every process
    method = build("methods", config.method)
    if not isinstance(method, Method):
        raise PluginError(
            f"the method {config.method.type!r} is a {type(method).__name__}, not a gaussrep Method"
        )
    return method
