"""From a configuration to a trained method in a run folder."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from gaussrep.errors import RunError
from gaussrep.evaluation.online import OnlineEvaluations, online_evaluations
from gaussrep.methods.method import Method
from gaussrep.training import random_state
from gaussrep.training.callbacks.callback import Callback
from gaussrep.training.callbacks.checkpointing import Checkpointing
from gaussrep.training.callbacks.metrics_csv import MetricsCsv
from gaussrep.training.callbacks.progress import progress
from gaussrep.training.callbacks.tensorboard import TensorBoard, wants_tensorboard
from gaussrep.training.callbacks.validation import Validation
from gaussrep.training.checkpoint import load_weights
from gaussrep.training.config import TrainConfig
from gaussrep.training.engine import Engine, running_engine
from gaussrep.training.loader import make_loader
from gaussrep.training.loop import fit
from gaussrep.training.optimizer import make_optimizers
from gaussrep.training.parts import TrainingComponents
from gaussrep.training.resumed_config import resumed_config
from gaussrep.training.run_folder import RunFolder
from gaussrep.training.training import TrainState


@dataclass(frozen=True, slots=True)
class TrainResult:
    """How a run ended.

    Attributes:
        run: The run's folder.
        method: Name of the method.
        steps: Optimizer steps made in all.
        loss: Training loss of the last step.
        val_loss: Loss on the validation split after the last step; None where it is not measured.
        rank: The process that this result was given in; 0 is the main one.
    """

    run: Path
    method: str
    steps: int
    loss: float
    val_loss: float | None
    rank: int


def train(
    config: TrainConfig,
    run: Path | None = None,
    *,
    start_from: Path | None = None,
    overwrite: bool = False,
    given: dict[str, Any] | None = None,
    prepare: Callable[[Method], None] | None = None,
) -> TrainResult:
    """Train a method from its first step.

    Args:
        config: Everything that decides what is computed.
        run: The new run's folder; by default the next free `runs/<method>-<n>`.
        start_from: A run whose weights this one starts from.
        overwrite: Replace the run that the folder holds.
        given: What the user gave, to be kept beside the configuration; by default what `config` was
            given.
        prepare: Called with the method before the first step, to give it other first weights.

    Returns:
        Where the run is and how it ended.

    Raises:
        GaussrepError: Anything a user can cause: the folder holds a run, a data set is missing, the
            loss is not finite, …
    """
    first_weights = None if start_from is None else RunFolder.open(start_from).weights_file
    _require_room(run, start_from, overwrite=overwrite)
    given = config.model_dump(mode="json", exclude_unset=True) if given is None else given
    with running_engine(config.trainer) as engine:
        parts = TrainingComponents.build(config, engine.world_size)
        if first_weights is not None:
            load_weights(first_weights, parts.method)
        else:
            parts.method.load_first_weights()
        if prepare is not None:
            prepare(parts.method)

        def create() -> RunFolder:
            folder = run or RunFolder.unused(Path("runs"), config.method.type)
            return RunFolder.create(folder, config, given, overwrite=overwrite)

        callbacks = _callbacks(config, engine, parts)
        return _train(config, engine, parts, callbacks, engine.on_main(create))


def resume(folder: Path, overrides: list[str] | None = None) -> TrainResult:
    """Go on where a run was stopped, as if it never had been.

    Args:
        folder: The run's folder.
        overrides: `trainer.steps=…` or `trainer.epochs=…`, to make the run longer; nothing else may
            change.

    Returns:
        How the run ended.

    Raises:
        GaussrepError: There is no run to go on with, it is complete, or an override contradicts it.
    """
    run = RunFolder.open(folder)
    config = resumed_config(run, overrides or [])
    with running_engine(config.trainer) as engine:
        parts = TrainingComponents.build(config, engine.world_size)
        checkpoint = engine.on_main(run.latest_checkpoint)
        engine.on_main(lambda: run.write_config(config))
        callbacks = _callbacks(config, engine, parts)
        return _train(config, engine, parts, callbacks, run, checkpoint)


def _require_room(run: Path | None, start_from: Path | None, *, overwrite: bool) -> None:
    if run is None:
        return
    if start_from is not None and start_from.resolve() == run.resolve():
        raise RunError(f"{run} cannot both give the weights to start from and hold the new run")
    if not overwrite:
        RunFolder(run).require_unused()


def _train(
    config: TrainConfig,
    engine: Engine,
    parts: TrainingComponents,
    callbacks: list[Callback],
    run: RunFolder,
    checkpoint: Path | None = None,
) -> TrainResult:
    optimizers = make_optimizers(parts.method, config.trainer)
    engine.prepare(parts.method, [each.optimizer for each in optimizers.values()])
    training = TrainState(
        config.trainer,
        engine=engine,
        method=parts.method,
        optimizers=optimizers,
        order=parts.order,
        run=run,
    )
    random_state.seed_all(config.seed, stream=1 + engine.rank)
    if checkpoint is not None:
        training.restore(checkpoint, callbacks)
    loader = make_loader(
        parts.training_set,
        parts.order.batches(engine.rank, training.position),
        workers=config.trainer.workers,
        device=engine.device,
    )
    try:
        row = fit(training, loader, callbacks)
    except KeyboardInterrupt:
        if engine.is_main:
            print(f"go on with: gaussrep train --resume {run.path}", file=sys.stderr)
        raise
    return TrainResult(
        run=run.path,
        method=config.method.type,
        steps=training.step,
        loss=row["loss"],
        val_loss=row.get("val_loss"),
        rank=engine.rank,
    )


def _callbacks(config: TrainConfig, engine: Engine, parts: TrainingComponents) -> list[Callback]:
    tensorboard = wants_tensorboard(config.trainer)  # refused in every process, or in none
    callbacks: list[Callback] = [*parts.method.configure_callbacks()]
    if parts.validation_set is not None:
        callbacks.append(Validation(parts.validation_set, config.seed))
    if evaluations := online_evaluations(config):
        callbacks.append(OnlineEvaluations(evaluations))
    if engine.is_main:
        callbacks += [MetricsCsv(), progress(Console(stderr=True))]
        if tensorboard:
            callbacks.append(TensorBoard())
    return [*callbacks, Checkpointing(callbacks)]
