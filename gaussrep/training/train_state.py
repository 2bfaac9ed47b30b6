"""TrainState: the state of one training run, saved and restored."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from gaussrep.errors import RunError
from gaussrep.methods.method import Method, ScheduledOptimizer
from gaussrep.training.checkpoint import (
    DamagedCheckpointError,
    copy_weights,
    read_checkpoint,
    write_checkpoint,
)
from gaussrep.training.config import TrainerConfig
from gaussrep.training.engine import Engine
from gaussrep.training.loading import Position, SampleOrder
from gaussrep.training.run_folder import RunFolder
from gaussrep.training.sharding import gathered, local_part

VERSION = 2
"""Version of checkpoints. In 1, which names none, batches were sizes per process and random numbers
those of generators whose states were saved; a run of that version goes on with those of 2."""

_OLDER_NAMES = {"checkpointing": "Checkpointing"}
"""Names of callbacks in the checkpoints of b960736, by those of today."""


@runtime_checkable
class Stateful(Protocol):
    """An object whose state belongs in a checkpoint, such as a callback."""

    def state_dict(self) -> dict[str, Any]:
        """Collect tensors, numbers, strings and containers of them."""
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned."""
        ...


@dataclass(slots=True)
class SkippedSteps:
    """Steps that changed no weight, because their loss or gradient was not finite.

    Attributes:
        total: Number in the whole run.
        in_a_row: Number of the latest steps.
        what: `loss` or `gradient`, which was not finite in the latest one.
        reason: Message of the check that failed in it; empty if none did.
    """

    total: int = 0
    in_a_row: int = 0
    what: str = ""
    reason: str = ""

    def count(self, what: str | None) -> None:
        """Count a step.

        Args:
            what: `loss` or `gradient`, which was not finite; None for a step that was made.
        """
        if what is None:
            self.in_a_row, self.what, self.reason = 0, "", ""
        else:
            self.total, self.in_a_row, self.what = self.total + 1, self.in_a_row + 1, what


class TrainState:
    """The state of one training run: components, step and position in the data.

    Args:
        config: Settings of the trainer.
        engine: Has prepared the method and its optimizers.
        method: The method that is trained.
        optimizers: The method's optimizers by name.
        order: Order of the samples.
        run: The run's folder.
        seed: The run's seed.

    Attributes:
        step: Optimizer steps made so far.
        position: Position in the data after those steps.
        stopping: Whether the run ends after the present step, to be resumed later.
        skipped: The steps whose loss or gradient was not finite.
    """

    stopping: bool = False

    def __init__(
        self,
        config: TrainerConfig,
        *,
        engine: Engine,
        method: Method,
        optimizers: Mapping[str, ScheduledOptimizer],
        order: SampleOrder,
        run: RunFolder,
        seed: int = 0,
    ) -> None:
        self.config = config
        self.engine = engine
        self.method = method
        self.optimizers = optimizers
        self.order = order
        self.run = run
        self.seed = seed
        self.step = 0
        self.position = Position()
        self.skipped = SkippedSteps()

    @property
    def steps(self) -> int:
        """Number of optimizer steps of the whole run; remaining epochs count at present sizes."""
        if self.config.steps is not None:
            return self.config.steps
        assert self.config.epochs is not None
        return self.step + self.order.remaining_steps(self.position, self.config.epochs)

    def advance(self) -> None:
        """Count one more optimizer step."""
        self.position = self.order.after(self.position)
        self.step += 1

    def save(self, others: Mapping[str, Stateful], best: dict[str, int | float] | None) -> None:
        """Write a checkpoint; called in all processes.

        Args:
            others: Further objects with a state, such as callbacks, by name.
            best: Step and loss of the best checkpoint so far, for readers of `state.json`.

        Raises:
            RunError: A weight is not finite, so that nothing could go on from the checkpoint.
        """
        self._check_weights()
        optimizers, model = self.engine.state_dict(), self.method
        if self.engine.shards_weights:
            model = gathered(self.method.state_dict())
        if self.engine.is_main:
            tensors = {
                "engine": optimizers,
                "others": {name: other.state_dict() for name, other in others.items()},
            }
            state = {"version": VERSION, "step": self.step, **asdict(self.position), "best": best}
            state |= {"steps": self.steps, "samples_per_step": self.order.global_batch}
            if self.skipped.total:
                state["skipped"] = {"total": self.skipped.total, "in_a_row": self.skipped.in_a_row}
            write_checkpoint(self.run.checkpoint(self.step), model, tensors, state)
        self.engine.wait()

    def _check_weights(self) -> None:
        named = self.method.named_parameters()
        spoiled = next(
            (name for name, each in named if not local_part(each).isfinite().all()), None
        )
        if self.engine.any(spoiled is not None):
            raise RunError(
                f"the weights {spoiled or 'of another process'} are not finite after step "
                f"{self.step}, so that no checkpoint is written; {self.run.path} keeps those "
                "before; start a new run with a lower trainer.lr or with trainer.clip_grad"
            )

    def write_weights(self) -> None:
        """Write the run's `model.safetensors` from the checkpoint of this step."""
        copy_weights(self.run.checkpoint(self.step), self.run.weights_file)

    def restore(self, checkpoint: Path, others: Mapping[str, Stateful]) -> None:
        """Restore a checkpoint, in the same or another number of processes.

        Args:
            checkpoint: The checkpoint's folder.
            others: Objects whose states to restore, by name; one that the checkpoint does not
                hold stays as it is.

        Raises:
            DamagedCheckpointError: A file is missing or damaged.
            RunError: The checkpoint belongs to another method.
        """
        tensors, state = read_checkpoint(checkpoint, self.method)
        try:
            step, position = int(state["step"]), Position(state["epoch"], state["samples"])
            engine, saved = (tensors[name] for name in ("engine", "others"))
            samples = int(state.get("samples_per_step", self.order.global_batch))
            processes = len(tensors.get("random", [None]))
            version = int(state.get("version", 1))
            skipped = SkippedSteps(**state.get("skipped", {}))
        except (KeyError, TypeError, ValueError) as error:
            raise DamagedCheckpointError(checkpoint) from error
        if version > VERSION:
            raise RunError(f"{checkpoint} was written by a newer gaussrep; update gaussrep")
        if processes > 1 and "samples_per_step" not in state:  # b960736
            raise RunError(
                f"{self.run.path} was trained in {processes} processes by a gaussrep whose batches "
                "were sizes per process; --from starts a new run from its weights"
            )
        self._check_samples(samples)
        self.step, self.position, self.skipped = step, position, skipped
        self.engine.load_state_dict(engine)
        for name, other in others.items():
            key = name if name in saved else _OLDER_NAMES.get(name)
            if key in saved:
                other.load_state_dict(saved[key])

    def _check_samples(self, found: int) -> None:
        wanted, passes = self.order.global_batch, self.config.gradient_accumulation_steps
        if found != wanted:
            raise RunError(
                f"a step of {self.run.path} had {found} samples, but its settings make {wanted}: "
                "batch_size no longer counts per process; set it to "
                f"{found // passes} in {self.run.config_file}, and resume the run"
            )
