"""Warnings about a representation that collapses."""

import logging
from collections import defaultdict
from typing import Any, ClassVar

from gaussrep.training.callback import Callback, Row
from gaussrep.training.train_state import TrainState

logger = logging.getLogger("gaussrep.training")

PATIENCE = 50
"""Steps in a row with a sign of collapse before the warning (design choice): the first ones of a
run may have it."""


class CollapseWarning(Callback):
    """Warns once about each sign of the method that is there for `PATIENCE` steps in a row."""

    main_process_only: ClassVar[bool] = True

    def __init__(self) -> None:
        self._in_a_row: dict[str, int] = defaultdict(int)

    def on_step(self, state: TrainState, row: Row) -> None:
        """Count the steps with each sign."""
        for sign in state.method.collapse_signs:
            shown = sign.metric in row and sign.shows(row[sign.metric])
            self._in_a_row[sign.metric] = self._in_a_row[sign.metric] + 1 if shown else 0
            if self._in_a_row[sign.metric] == PATIENCE:
                logger.warning(
                    "step %d: %s has been %.3g or so for %d steps: %s; %s",
                    state.step,
                    sign.metric,
                    row[sign.metric],
                    PATIENCE,
                    sign.meaning,
                    sign.cure,
                )

    def state_dict(self) -> dict[str, Any]:
        """Return the counts."""
        return {"in_a_row": dict(self._in_a_row)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned."""
        self._in_a_row.update(state["in_a_row"])
