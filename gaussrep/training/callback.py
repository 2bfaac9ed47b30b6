"""Callback: the interface of code that observes or changes a training run."""

from pathlib import Path
from typing import Any, ClassVar

from gaussrep.training.train_state import TrainState

Row = dict[str, int | float]
"""Numbers of one optimizer step: `step`, `epoch`, `lr`, `loss`, the method's metrics, `grad_norm`,
`samples_per_second`, further ones that callbacks measured, and if it is logged `memory_gb`."""


class Callback:
    """Observes or changes a run; hooks do nothing unless overridden.

    After each optimizer step the trainer calls `on_update` of all callbacks, then `annotate` and
    `measure` of all, then, if the step is to be logged, `on_log` of all, then `on_step` of all.
    Every process calls the same callbacks in the same order, so that they may use the collectives
    of `state.engine`; those with `main_process_only` exist in the main process alone.

    A registered callback is called with its settings, `target(settings)`; runs list theirs as
    `callbacks: {name: {type: ema, decay: 0.999}}`.
    """

    main_process_only: ClassVar[bool] = False
    """Whether only the main process has this callback, for callbacks that only write files."""

    def on_start(self, state: TrainState) -> None:
        """Prepare for the first step.

        Args:
            state: The run; `state.step` is not 0 where it is resumed.
        """

    def on_update(self, state: TrainState) -> None:
        """Change parameters or optimizers right after an optimizer step, before measurements.

        Densification strategies and moving averages of the weights act here.

        Args:
            state: The run; `state.step` counts the step just made.
        """

    def annotate(self, state: TrainState) -> Row:
        """Return numbers that are available after every step, such as the number of Gaussians.

        Args:
            state: The run.

        Returns:
            Numbers by column; unlike those of `measure`, they do not cause the step to be logged.
        """
        return {}

    def measure(self, state: TrainState) -> Row:
        """Measure further numbers of the step just made.

        Args:
            state: The run.

        Returns:
            Numbers by column; a step with any returned value is logged.
        """
        return {}

    def on_log(self, state: TrainState, row: Row) -> None:
        """Log a step.

        Args:
            state: The run.
            row: All numbers of the step.
        """

    def on_step(self, state: TrainState, row: Row) -> None:
        """Run after every step, once it is measured and logged.

        Args:
            state: The run.
            row: All numbers of the step.
        """

    def on_checkpoint(self, state: TrainState, folder: Path) -> None:
        """Write files that belong to the checkpoint just written, in the main process only.

        Args:
            state: The run.
            folder: The run folder; the record's `run_files` lists what may be written there.
        """

    def on_end(self, state: TrainState) -> None:
        """Release resources; called after the last step or an error, if `on_start` was called.

        Args:
            state: The run.
        """

    def state_dict(self) -> dict[str, Any]:
        """Return the state that a resumed run needs.

        Returns:
            Tensors, numbers, strings and containers of them.
        """
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned.

        Args:
            state: State of the same callback in the run that is resumed.
        """
