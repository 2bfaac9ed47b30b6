"""The components that a run trains, built from its configuration."""

from dataclasses import dataclass

from gaussrep.building import build
from gaussrep.errors import DataError, PluginError
from gaussrep.methods.method import Method
from gaussrep.training import random_state
from gaussrep.training.config import TrainConfig
from gaussrep.training.loader import MapDataset, OrderedDataset
from gaussrep.training.sampler import SampleOrder, ShuffledOrder


@dataclass(frozen=True, slots=True)
class TrainingComponents:
    """A method and the data it learns from, in order.

    Attributes:
        method: With its initial weights, the same in every process.
        training_set: The `train` split.
        validation_set: The `val` split; None where nothing is measured on it.
        order: Which samples make which step.
    """

    method: Method
    training_set: MapDataset
    validation_set: MapDataset | None
    order: SampleOrder

    @classmethod
    def build(cls, config: TrainConfig, world_size: int) -> "TrainingComponents":
        """Build the components of a configuration.

        Args:
            config: The run's configuration.
            world_size: How many processes train.

        Returns:
            The components; the method is set up for the training split.

        Raises:
            GaussrepError: A data set is missing or too small, or a component is of a wrong type.
        """
        training_set = build("datasets", config.data, split="train")
        order = _build_order(config, training_set, world_size)
        validation_set = _build_validation_set(config) if config.trainer.evaluate_every else None
        method = _build_method(config)
        method.setup(training_set)
        return cls(method, training_set, validation_set, order)


def _build_order(config: TrainConfig, dataset: MapDataset, world_size: int) -> SampleOrder:
    trainer = config.trainer
    if isinstance(dataset, OrderedDataset):
        return dataset.sample_order(
            seed=config.seed,
            batch_size=trainer.batch_size,
            gradient_accumulation_steps=trainer.accumulate,
            world_size=world_size,
        )
    return ShuffledOrder(
        size=len(dataset),
        seed=config.seed,
        batch_size=trainer.batch_size,
        accumulate=trainer.accumulate,
        world_size=world_size,
    )


def _build_validation_set(config: TrainConfig) -> MapDataset:
    dataset = build("datasets", config.data, split="val")
    if len(dataset) == 0:
        raise DataError(
            "the validation split is empty; hold some samples out or set trainer.evaluate_every=0"
        )
    return dataset


def _build_method(config: TrainConfig) -> Method:
    random_state.seed_all(config.seed, stream=0)  # the same initial weights in every process
    method = build("methods", config.method)
    if not isinstance(method, Method):
        raise PluginError(
            f"the method {config.method.type!r} is a {type(method).__name__}, not a gaussrep Method"
        )
    return method
