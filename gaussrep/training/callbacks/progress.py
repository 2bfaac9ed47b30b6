"""What a person sees of a run that trains."""

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

from gaussrep.training.callbacks.callback import Callback, Row
from gaussrep.training.training import Training


class ProgressBar(Callback):
    """Draws a bar with loss, throughput and remaining time.

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

    def on_start(self, training: Training) -> None:
        """Say what begins, and show the bar."""
        self._progress.console.print(
            headline(training), soft_wrap=True, markup=False, highlight=False
        )
        self._task = self._progress.add_task(
            "", total=training.steps, completed=training.step, numbers=""
        )
        self._progress.start()

    def on_step(self, training: Training, row: Row) -> None:
        """Move the bar."""
        self._progress.update(self._task, completed=training.step, numbers=summary(row))

    def on_end(self, training: Training) -> None:
        """Leave the bar as it is."""
        self._progress.stop()


class ProgressLines(Callback):
    """Prints one plain line per logged step, for log files.

    Args:
        console: Not a terminal.
    """

    def __init__(self, console: Console) -> None:
        self._console = console

    def on_start(self, training: Training) -> None:
        """Say what begins, and start the clock."""
        print_plainly(self._console, headline(training))
        self._started, self._first = time.perf_counter(), training.step

    def on_log(self, training: Training, row: Row) -> None:
        """Print the step's line."""
        per_step = (time.perf_counter() - self._started) / (training.step - self._first)
        left = timedelta(seconds=round(per_step * (training.steps - training.step)))
        line = f"step {training.step}/{training.steps}  {summary(row)}  left {left}"
        print_plainly(self._console, line)


def progress(console: Console) -> Callback:
    """Choose between a bar and plain lines by where the console writes to."""
    return ProgressBar(console) if console.is_terminal else ProgressLines(console)


def headline(training: Training) -> str:
    """Say what is about to be trained, where, and for how long."""
    engine, order = training.engine, training.order
    parameters = sum(parameter.numel() for parameter in training.method.parameters())
    return (
        f"{training.run.path}: {type(training.method).__name__} with {parameters:,} parameters on "
        f"{engine.world_size} x {engine.device.type}, {order.size:,} samples, "
        f"{order.global_batch} per step, {order.steps_per_epoch} steps per epoch"
    )


def summary(row: Row) -> str:
    """Say a step's numbers in a few words."""
    parts = [f"loss {row['loss']:.4g}"]
    if "val_loss" in row:
        parts.append(f"val_loss {row['val_loss']:.4g}")
    return "  ".join([*parts, f"{row['samples_per_second']:.3g} samples/s"])


def print_plainly(console: Console, line: str) -> None:
    """Print a line as it is, however long."""
    console.print(line, soft_wrap=True, markup=False, highlight=False)
