"""The progress display of a run."""

import sys
from contextlib import ExitStack
from typing import ClassVar

from gaussrep.console import Progress
from gaussrep.training.callback import Callback, Row
from gaussrep.training.train_state import TrainState


class ProgressDisplay(Callback):
    """Shows steps, loss, throughput and remaining time: a bar on a terminal, lines elsewhere."""

    main_process_only: ClassVar[bool] = True

    def on_start(self, state: TrainState) -> None:
        """Print the headline and show the progress."""
        print(headline(state), file=sys.stderr, flush=True)
        self._stack = ExitStack()
        self._progress = self._stack.enter_context(Progress("step", state.steps, state.step))
        self._latest: Row = {}

    def on_step(self, state: TrainState, row: Row) -> None:
        """Show the step, with the latest of each number that is not measured in every step."""
        self._latest |= row
        self._progress.update(state.step, text=format_metrics(state, self._latest))

    def on_end(self, state: TrainState) -> None:
        """Stop showing."""
        self._stack.close()


def headline(state: TrainState) -> str:
    """Describe a run in one line.

    Args:
        state: The run.

    Returns:
        Run folder, method, number of parameters, devices, and sizes of data and steps.
    """
    engine, order = state.engine, state.order
    parameters = sum(parameter.numel() for parameter in state.method.parameters())
    return (
        f"{state.run.path}: {type(state.method).__name__} with {parameters:,} parameters on "
        f"{engine.world_size} x {engine.device.type}, {order.size:,} samples, "
        f"{order.global_batch} per step, {order.steps_per_epoch} steps per epoch"
    )


def format_metrics(state: TrainState, row: Row) -> str:
    """Format the losses, the method's `progress_metrics` and the throughput of a step.

    Args:
        state: The run.
        row: The numbers of the step.

    Returns:
        Names and values; columns that the row lacks are left out.
    """
    names = ("loss", "val_loss", *state.method.progress_metrics)
    parts = [f"{name} {_format(row[name])}" for name in names if name in row]
    return "  ".join([*parts, f"{row['samples_per_second']:.3g} samples/s"])


def _format(value: int | float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.4g}"
