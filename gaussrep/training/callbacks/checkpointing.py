"""When checkpoints are written, and which of them stay."""

import math
import shutil
from collections.abc import Sequence
from typing import Any

from gaussrep.training.callbacks.callback import Callback, Row
from gaussrep.training.training import Training


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

    def on_start(self, training: Training) -> None:
        """Save a new run at step 0, so that it can be resumed whenever it is killed."""
        if training.engine.is_main:
            for leftover in training.run.checkpoints_folder.glob(".*.tmp"):
                shutil.rmtree(leftover)
        if training.step == 0:
            self._save(training)

    def on_step(self, training: Training, row: Row) -> None:
        """Save and tidy where it is due."""
        self._loss_sum += row["loss"]
        self._loss_count += 1
        if training.step % training.config.checkpoint_every and training.step != training.steps:
            return
        score = self._score(training, row)
        self._loss_sum, self._loss_count = 0.0, 0
        if score is not None and score < (self._best["loss"] if self._best else math.inf):
            self._best = {"step": training.step, "loss": score}
        self._save(training)

    def state_dict(self) -> dict[str, Any]:
        """Give step and loss of the best checkpoint."""
        return {"best": self._best}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back the best checkpoint."""
        self._best = state["best"]

    def _score(self, training: Training, row: Row) -> float | None:
        if training.config.evaluate_every:
            return row.get("val_loss")
        return self._loss_sum / self._loss_count

    def _save(self, training: Training) -> None:
        training.save([self, *self._others], self._best)
        if training.engine.is_main:
            self._tidy(training)

    def _tidy(self, training: Training) -> None:
        found = training.run.checkpoints()
        kept = set(list(found)[-training.config.keep_last :])
        if self._best is not None:
            kept.add(int(self._best["step"]))
        for step in found.keys() - kept:
            shutil.rmtree(found[step])
