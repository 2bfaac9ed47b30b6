"""From a configuration to a trained method in a run folder."""

import errno
import signal
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

from gaussrep.config.load import dump_yaml
from gaussrep.errors import RunError, RunInterrupt
from gaussrep.methods.method import Method
from gaussrep.runtime.console import Progress
from gaussrep.training import random_state
from gaussrep.training.callback import Row
from gaussrep.training.checkpoint import DamagedCheckpointError, load_weights
from gaussrep.training.components import TrainingComponents
from gaussrep.training.config import TrainConfig
from gaussrep.training.data_places import require_data
from gaussrep.training.engine import Engine, running_engine
from gaussrep.training.interruption import StopRequest, stop_on_signals
from gaussrep.training.loading import MapDataset, make_loader
from gaussrep.training.loop import run_steps
from gaussrep.training.metrics_table import last_row
from gaussrep.training.optimization import make_optimizers
from gaussrep.training.resumed_config import resumed_config
from gaussrep.training.run_folder import RunFolder
from gaussrep.training.run_lock import owned_run
from gaussrep.training.train_state import TrainState
from gaussrep.training.versions import describe_changes, read_versions
from gaussrep.trust import trusting

_PREPARING = "preparing data and method"
_FULL_OR_READ_ONLY = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES}


@dataclass(frozen=True, slots=True)
class TrainResult:
    """Result of a run.

    Attributes:
        run: The run's folder.
        method: Name of the method.
        steps: Total number of optimizer steps made.
        loss: Training loss of the last step.
        val_loss: Loss on the validation split after the last step; None if it is not measured.
        rank: The process that returned this result; 0 is the main one.
        metrics: All numbers of the last step, by column of `metrics.csv`.
    """

    run: Path
    method: str
    steps: int
    loss: float
    val_loss: float | None
    rank: int
    metrics: Mapping[str, int | float] = field(default_factory=dict)


def train(
    config: TrainConfig,
    run: str | PathLike[str] | None = None,
    *,
    start_from: str | PathLike[str] | None = None,
    overwrite: bool = False,
    user_config: dict[str, Any] | None = None,
    init_hook: Callable[[Method], None] | None = None,
    datasets: Mapping[str, MapDataset] | None = None,
    trust: Collection[str] = (),
) -> TrainResult:
    """Train a method from its first step.

    Args:
        config: Everything that decides what is computed.
        run: The new run's folder; by default the next free `runs/<method>-<n>`.
        start_from: A run whose weights this one starts from.
        overwrite: Replace the run that the folder holds.
        user_config: Settings as the user gave them, kept beside the resolved configuration; by
            default those that were set explicitly in `config`.
        init_hook: Called with the method before the optimizers are built, to change its initial
            weights.
        datasets: Data sets in memory by split, `train` and `val`; by default those of
            `config.data`.
        trust: Names whose code may be run or which may be downloaded, such as `NVlabs/RADIO` with
            the teacher `radio`, or timm's name of pretrained weights.

    Returns:
        The run's folder and the numbers of its last step.

    Raises:
        GaussrepError: A mistake that a user can make: the folder holds a run, a data set is
            missing, the loss is not finite, …
        RunInterrupt: Ctrl-C or SIGTERM stopped the run; its last whole step is saved. A second
            Ctrl-C stops it at once.
    """
    run = None if run is None else Path(run)
    source = None if start_from is None else RunFolder.open(start_from)
    _check_run_folder(run, source, overwrite=overwrite)
    weights = None if source is None else source.weights_file
    if user_config is None:
        user_config = config.model_dump(mode="json", exclude_unset=True)
    with running_engine(config.trainer) as engine, trusting(trust):
        with Progress(_PREPARING):
            components = TrainingComponents.build(config, engine.world_size, datasets)
            _initialize(components.method, weights, init_hook)
        trainer = _Trainer(config, engine, components)

        with stop_on_signals() as stop, ExitStack() as stack:

            def create() -> RunFolder:
                folder = run or RunFolder.unused(Path("runs"), config.method.type)
                stack.enter_context(owned_run(folder))
                return RunFolder.create(
                    folder, config, user_config, overwrite=overwrite, trusted=trust
                )

            return trainer.run(engine.on_main(create), stop)


def resume(
    folder: str | PathLike[str],
    overrides: list[str] | None = None,
    *,
    datasets: Mapping[str, MapDataset] | None = None,
    trust: Collection[str] = (),
) -> TrainResult:
    """Continue a stopped run; the result equals that of an uninterrupted one.

    Args:
        folder: The run's folder.
        overrides: `trainer.steps=…` or `trainer.epochs=…`, to make the run longer; `data.root=…`,
            if the data set moved; settings that change no weight, such as `trainer.log_every`.
        datasets: Data sets in memory by split, `train` and `val`; by default those of the run.
        trust: Names whose code may be run or which may be downloaded; those that the same user
            started the run with are trusted already.

    Returns:
        The run's folder and the numbers of its last step.

    Raises:
        GaussrepError: There is no run to resume, it is complete, or an override contradicts it.
        RunInterrupt: Ctrl-C or SIGTERM stopped the run; its last whole step is saved.
    """
    run = RunFolder.open(folder)
    run.require_own()
    config = resumed_config(run, overrides or [])
    if not datasets:
        require_data(run, config.data)
    with running_engine(config.trainer) as engine, trusting((*trust, *(run.trusted() or ()))):
        with Progress(_PREPARING):
            components = TrainingComponents.build(config, engine.world_size, datasets)
        trainer = _Trainer(config, engine, components)
        with stop_on_signals() as stop, ExitStack() as stack:
            engine.on_main(lambda: stack.enter_context(owned_run(run.path)))
            engine.on_main(lambda: _print_changed_versions(run))
            return trainer.run(run, stop, resumes=True)


def train_or_resume(
    config: TrainConfig,
    folder: Path,
    init_hook: Callable[[Method], None] | None = None,
) -> None:
    """Train a method, or resume the same run; a complete run is left unchanged.

    Args:
        config: Everything that decides what is computed.
        folder: The run's folder.
        init_hook: Called with the method before its first step, to change its initial weights.

    Raises:
        RunError: The folder holds a run with other settings.
        RunInterrupt: Ctrl-C or SIGTERM stopped the run; its last whole step is saved.
    """
    run = RunFolder(folder)
    if not run.exists():
        train(config, folder, init_hook=init_hook)
        return
    if dump_yaml(run.read_config()) != dump_yaml(config):
        raise RunError(
            f"{folder} holds the training of other weights or with other settings; remove it, or "
            "give this one another place with folder=FOLDER"
        )
    steps = config.trainer.steps
    if steps is None or not run.is_finished(steps):
        resume(folder)


class _Trainer:
    """The components of one process, with initial weights."""

    def __init__(self, config: TrainConfig, engine: Engine, components: TrainingComponents) -> None:
        self._config, self._engine, self._components = config, engine, components
        self._optimizers = make_optimizers(components.method, config.trainer)
        self._callbacks = components.build_callbacks(config, is_main=engine.is_main)

    def run(self, run: RunFolder, stop: StopRequest, *, resumes: bool = False) -> TrainResult:
        with _explained_full_disk(run):
            state = self._start(run, resumes=resumes)
            row = self._fit(state, stop)
        if state.step < state.steps:
            raise RunInterrupt(run.path, state.step, state.steps, stop.received or signal.SIGINT)
        row = row or self._engine.on_main(lambda: last_row(run.metrics_file))
        return TrainResult(
            run=run.path,
            method=self._config.method.type,
            steps=state.step,
            loss=row["loss"],
            val_loss=row.get("val_loss"),
            rank=self._engine.rank,
            metrics=row,
        )

    def _start(self, run: RunFolder, *, resumes: bool) -> TrainState:
        """Prepare the components in the engine, and restore the state of a resumed run."""
        config, engine, components = self._config, self._engine, self._components
        engine.prepare(components.method, [each.optimizer for each in self._optimizers.values()])
        state = TrainState(
            config.trainer,
            engine=engine,
            method=components.method,
            optimizers=self._optimizers,
            order=components.order,
            run=run,
            seed=config.seed,
        )
        random_state.seed_all(config.seed, 2, engine.rank)  # of what callbacks draw at the start
        if resumes:
            self._restore(state)
            engine.on_main(lambda: run.write_config(config))
        return state

    def _fit(self, state: TrainState, stop: StopRequest) -> Row:
        """Make the remaining steps; an interruption names the run."""
        loader = make_loader(
            self._components.training_set,
            self._components.order.batches(self._engine.rank, state.position),
            num_workers=self._config.trainer.num_workers,
            device=self._engine.device,
        )
        run, callbacks = state.run, list(self._callbacks.values())
        try:
            return run_steps(state, loader, callbacks, lambda: stop.received is not None)
        except KeyboardInterrupt as error:
            saved = max(run.checkpoints(), default=None)
            received = stop.received or signal.SIGINT
            raise RunInterrupt(run.path, saved, state.steps, received) from error

    def _restore(self, state: TrainState) -> None:
        """Restore the latest intact checkpoint, and rename damaged ones."""
        engine, run = self._engine, state.run
        while True:
            checkpoint = engine.on_main(run.latest_checkpoint)
            damage: DamagedCheckpointError | None = None
            try:
                state.restore(checkpoint, self._callbacks)
            except DamagedCheckpointError as error:
                damage = error
            if not engine.any(damage is not None):
                return
            engine.on_main(lambda at=checkpoint, found=damage: _set_aside(run, at, found))


def _print_changed_versions(run: RunFolder) -> None:
    if changes := describe_changes(read_versions(run.path)):
        print(
            f"{run.path} was started with {changes}: its numbers may differ from those of a run "
            "that was never stopped",
            file=sys.stderr,
        )


def _set_aside(run: RunFolder, checkpoint: Path, damage: DamagedCheckpointError | None) -> None:
    if len(run.checkpoints()) == 1:
        raise RunError(
            f"the checkpoint {checkpoint} is damaged, and there is none before it; start the run "
            "again with --overwrite"
        ) from damage
    aside = run.set_aside(checkpoint)
    print(
        f"the checkpoint {checkpoint} is damaged and was renamed to {aside.name}; resuming from "
        "the one before it",
        file=sys.stderr,
    )


@contextmanager
def _explained_full_disk(run: RunFolder) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if not _is_unwritable(run, error):
            raise
        raise RunError(
            f"cannot write to {run.path}: {error.strerror}; its checkpoints are whole; make room, "
            "and resume the run"
        ) from error


def _is_unwritable(run: RunFolder, error: OSError) -> bool:
    """Whether the run's disk is full or read-only; an error of another file is not about it."""
    is_elsewhere = error.filename and not Path(error.filename).is_relative_to(run.path)
    return error.errno in _FULL_OR_READ_ONLY and not is_elsewhere


def _initialize(
    method: Method, weights: Path | None, init_hook: Callable[[Method], None] | None
) -> None:
    if weights is not None:
        load_weights(weights, method)
    else:
        method.load_pretrained()
    if init_hook is not None:
        init_hook(method)


def _check_run_folder(run: Path | None, source: RunFolder | None, *, overwrite: bool) -> None:
    if run is None:
        return
    if source is not None and source.path.resolve() == run.resolve():
        raise RunError(f"{run} cannot both hold the weights to start from and the new run")
    RunFolder(run).require_new(overwrite=overwrite)
