"""The progress display of a run."""

import time
from datetime import timedelta

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from gaussrep.training.callback import Callback, Row
from gaussrep.training.train_state import TrainState


class ProgressBar(Callback):
    """Shows a bar with loss, throughput and remaining time.

    Args:
        console: A terminal.
    """

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("training"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[numbers]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
        )

    def on_start(self, state: TrainState) -> None:
        """Print the headline and show the bar."""
        self._progress.console.print(headline(state), soft_wrap=True, markup=False, highlight=False)
        self._task = self._progress.add_task(
            "", total=state.steps, completed=state.step, numbers=""
        )
        self._progress.start()

    def on_step(self, state: TrainState, row: Row) -> None:
        """Move the bar."""
        self._progress.update(self._task, completed=state.step, numbers=format_metrics(state, row))

    def on_end(self, state: TrainState) -> None:
        """Stop updating the bar."""
        self._progress.stop()


class ProgressLines(Callback):
    """Prints one plain line per logged step, for log files.

    Args:
        console: Not a terminal.
    """

    def __init__(self, console: Console) -> None:
        self._console = console

    def on_start(self, state: TrainState) -> None:
        """Print the headline and start the clock."""
        print_plainly(self._console, headline(state))
        self._started, self._first = time.perf_counter(), state.step

    def on_log(self, state: TrainState, row: Row) -> None:
        """Print the step's line."""
        per_step = (time.perf_counter() - self._started) / (state.step - self._first)
        left = timedelta(seconds=round(per_step * (state.steps - state.step)))
        line = f"step {state.step}/{state.steps}  {format_metrics(state, row)}  left {left}"
        print_plainly(self._console, line)


def progress(console: Console) -> Callback:
    """Choose between a bar and plain lines.

    Args:
        console: Where the progress is shown.

    Returns:
        A bar on a terminal, lines elsewhere.
    """
    return ProgressBar(console) if console.is_terminal else ProgressLines(console)


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


def print_plainly(console: Console, line: str) -> None:
    """Print a line without wrapping or markup.

    Args:
        console: Where to print.
        line: The text.
    """
    console.print(line, soft_wrap=True, markup=False, highlight=False)
