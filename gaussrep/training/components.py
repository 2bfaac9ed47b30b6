"""The components of a run, built from its configuration."""

from collections.abc import Mapping
from dataclasses import dataclass

from gaussrep.building import build
from gaussrep.errors import DataError, PluginError
from gaussrep.methods.method import Method
from gaussrep.training import random_state
from gaussrep.training.callback import Callback
from gaussrep.training.callbacks import (
    Checkpointing,
    CollapseWarning,
    MetricsCsv,
    ProgressDisplay,
    Validation,
)
from gaussrep.training.config import TrainConfig
from gaussrep.training.loading import (
    GroupingDataset,
    MapDataset,
    OrderedDataset,
    SampleOrder,
    ShuffledOrder,
    StreamedDataset,
)
from gaussrep.training.sharding import require_shardable
from gaussrep.training.trackers import (
    Examples,
    TensorBoard,
    Trackers,
    other_trackers,
    require_trackers,
    uses_tensorboard,
)


@dataclass(frozen=True, slots=True)
class TrainingComponents:
    """A method and the data it learns from, in order.

    Attributes:
        method: With its initial weights, the same in every process.
        training_set: The `train` split.
        validation_set: The `val` split; None if it is not used.
        order: Order of the samples.
        shards_weights: Whether the processes shard the weights.
    """

    method: Method
    training_set: MapDataset
    validation_set: MapDataset | None
    order: SampleOrder
    shards_weights: bool = False

    @classmethod
    def build(
        cls,
        config: TrainConfig,
        world_size: int,
        datasets: Mapping[str, MapDataset] | None = None,
    ) -> "TrainingComponents":
        """Build the method and the data of a configuration.

        Args:
            config: The run's configuration.
            world_size: Number of processes.
            datasets: Data sets by split; those that are missing are built from `config.data`.

        Returns:
            The components; the method is set up for the training split.

        Raises:
            GaussrepError: A data set is missing or too small, or a component is of a wrong type.
        """
        splits = datasets or {}
        training_set = splits.get("train")
        if training_set is None:
            training_set = build("datasets", config.data, split="train")
        order = _build_order(config, training_set, world_size)
        validation_set = None
        if config.trainer.validate_every:
            validation_set = _build_validation_set(config, splits.get("val"))
        method = _build_method(config)
        shards_weights = config.trainer.shard_weights and world_size > 1
        if shards_weights:
            require_shardable(config, replaces_parameters=method.replaces_parameters)
        method.setup(training_set)
        return cls(method, training_set, validation_set, order, shards_weights)

    def build_callbacks(self, config: TrainConfig, *, is_main: bool) -> dict[str, Callback]:
        """Build the callbacks of one process.

        Args:
            config: The run's configuration.
            is_main: Whether this is the main process.

        Returns:
            Callbacks by the names that checkpoints know them by, in the order of their calls: the
            method's, the configuration's, the trainer's.

        Raises:
            GaussrepError: A setting is wrong, or a component is of a wrong type.
        """
        found = {f"method/{type(each).__name__}": each for each in self._callbacks_of_method()}
        found |= {f"callbacks.{name}": _build(each) for name, each in config.callbacks.items()}
        writes_tensorboard = uses_tensorboard(config.trainer)  # raises in every process or in none
        require_trackers(config.trainer)
        if self.validation_set is not None:
            found["validation"] = Validation(self.validation_set, config.seed)
        if config.evaluations and config.trainer.evaluations_every:
            found["evaluations"] = _build_online_evaluations(config)
        if is_main:
            found |= {
                "metrics-csv": MetricsCsv(),
                "progress": ProgressDisplay(),
                "collapse": CollapseWarning(),
            }
            examples = None
            if self.validation_set is not None and not self.shards_weights:
                examples = Examples(self.validation_set, config.seed)
            if writes_tensorboard:
                found["tensorboard"] = TensorBoard(examples)
            if others := other_trackers(config.trainer):
                found["trackers"] = Trackers(others, examples)
        else:
            found = {name: each for name, each in found.items() if not each.main_process_only}
        return {**found, "checkpointing": Checkpointing(found)}

    def _callbacks_of_method(self) -> list[Callback]:
        callbacks = list(self.method.configure_callbacks())
        classes = {type(callback) for callback in callbacks}
        if len(classes) < len(callbacks):
            raise PluginError(
                f"{type(self.method).__name__}.configure_callbacks() returns two callbacks of one "
                "class"
            )
        return callbacks


def _build(settings: object) -> Callback:
    callback = build("callbacks", settings)  # pyright: ignore[reportArgumentType]
    if not isinstance(callback, Callback):
        raise PluginError(
            f"the callback of {settings!r} is a {type(callback).__name__}, not a gaussrep Callback"
        )
    return callback


def _build_online_evaluations(config: TrainConfig) -> Callback:
    settings = {
        "type": "online-evaluations",
        "evaluations": config.evaluations,
        "data": config.data,
        "every": config.trainer.evaluations_every,
    }
    return _build(settings)


def _build_order(config: TrainConfig, dataset: MapDataset, world_size: int) -> SampleOrder:
    trainer = config.trainer
    if isinstance(dataset, OrderedDataset):
        if trainer.batch_size % world_size:
            raise DataError(
                f"trainer.batch_size is {trainer.batch_size} and cannot be divided among "
                f"{world_size} processes, which share it; give a multiple of their number"
            )
        return dataset.sample_order(
            seed=config.seed,
            batch_size=trainer.batch_size // world_size,
            gradient_accumulation_steps=trainer.gradient_accumulation_steps,
            world_size=world_size,
        )
    return ShuffledOrder(
        size=len(dataset),
        seed=config.seed,
        batch_size=trainer.batch_size,
        gradient_accumulation_steps=trainer.gradient_accumulation_steps,
        world_size=world_size,
        group_size=dataset.group_size if isinstance(dataset, GroupingDataset) else 1,
        pieces=dataset.pieces() if isinstance(dataset, StreamedDataset) else None,
    )


def _build_validation_set(config: TrainConfig, dataset: MapDataset | None) -> MapDataset:
    found = build("datasets", config.data, split="val") if dataset is None else dataset
    if len(found) == 0:
        raise DataError(
            "the validation split is empty; hold some samples out or set trainer.validate_every=0"
        )
    return found


def _build_method(config: TrainConfig) -> Method:
    random_state.seed_all(config.seed, stream=0)  # the same initial weights in every process
    method = build("methods", config.method)
    if not isinstance(method, Method):
        raise PluginError(
            f"the method {config.method.type!r} is a {type(method).__name__}, not a gaussrep Method"
        )
    return method
