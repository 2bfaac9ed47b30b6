"""When checkpoints are written, and which of them stay."""

import math
import shutil
from collections.abc import Sequence
from typing import Any

from gaussrep.training.callbacks.callback import Callback, Row
from gaussrep.training.training import TrainState


class Checkpointing(Callback):
    """Writes a checkpoint before the first step, every `checkpoint_every` steps and after the last.

    The last `keep_last` stay, and the best: the one with the lowest validation loss among those
    where it was measured; in a run that never measures it, the one with the lowest mean training
    loss since the one before.

    Args:
        others: The other callbacks, whose states are saved too.
    """

    def __init__(self, others: Sequence[Callback]) -> None:
        self._others = others
        self._best: dict[str, int | float] | None = None
        self._loss_sum, self._loss_count = 0.0, 0

    def on_start(self, state: TrainState) -> None:
        """Save a new run at step 0, so that it can be resumed whenever it is killed."""
        if state.engine.is_main:
            for leftover in state.run.checkpoints_folder.glob(".*.tmp"):
                shutil.rmtree(leftover)
        if state.step == 0:
            self._save(state)

    def on_step(self, state: TrainState, row: Row) -> None:
        """Save and tidy where it is due."""
        self._loss_sum += row["loss"]
        self._loss_count += 1
        if state.step % state.config.checkpoint_every and state.step != state.steps:
            return
        score = self._score(state, row)
        self._loss_sum, self._loss_count = 0.0, 0
        if score is not None and score < (self._best["loss"] if self._best else math.inf):
            self._best = {"step": state.step, "loss": score}
        self._save(state)

    def state_dict(self) -> dict[str, Any]:
        """Give step and loss of the best checkpoint."""
        return {"best": self._best}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back the best checkpoint."""
        self._best = state["best"]

    def _score(self, state: TrainState, row: Row) -> float | None:
        if state.config.evaluate_every:
            return row.get("val_loss")
        return self._loss_sum / self._loss_count

    def _save(self, state: TrainState) -> None:
        state.save([self, *self._others], self._best)
        if state.engine.is_main:
            state.method.export(state.run.path)
            for other in self._others:
                other.on_checkpoint(state, state.run.path)
            self._tidy(state)

    def _tidy(self, state: TrainState) -> None:
        found = state.run.checkpoints()
        kept = set(list(found)[-state.config.keep_last :])
        if self._best is not None:
            kept.add(int(self._best["step"]))
        for step in found.keys() - kept:
            shutil.rmtree(found[step])
