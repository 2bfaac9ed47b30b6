"""Callback: what may watch the training loop."""

from typing import Any

from gaussrep.training.training import Training

Row = dict[str, int | float]
"""What is known of one optimizer step: `step`, `epoch`, `lr`, `loss`, the method's metrics,
`grad_norm`, `samples_per_second`, and whatever the callbacks measured."""


class Callback:
    """Watches a run; every hook does nothing unless it is overridden.

    After each optimizer step all callbacks `measure`; then, where the step is to be logged, all get
    `on_log`; then all get `on_step`. A callback that is given to every process is called in every
    process, in the same order, so it may use the engine's collectives; one that writes is given to
    the main process alone.
    """

    def on_start(self, training: Training) -> None:
        """Prepare for the first step to come; `training.step` is not 0 where a run goes on."""

    def measure(self, training: Training) -> Row:
        """Give further numbers of this step; any number makes the step one that is logged."""
        return {}

    def on_log(self, training: Training, row: Row) -> None:
        """Write down a step that is to be logged."""

    def on_step(self, training: Training, row: Row) -> None:
        """Act after any step."""

    def on_end(self, training: Training) -> None:
        """Close what is open; called after the last step and after an error, if `on_start` was."""

    def state_dict(self) -> dict[str, Any]:
        """Give what a resumed run needs: tensors, numbers, strings and containers of them."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back what `state_dict` gave."""
