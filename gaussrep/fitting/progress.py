"""What a person sees of a fit."""

import time
from abc import ABC, abstractmethod
from datetime import timedelta

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gaussrep.fitting.metrics_table import Row
from gaussrep.training.progress import print_plainly


class Display(ABC):
    """Shows how far a fit has come."""

    @abstractmethod
    def moved(self, step: int) -> None:
        """A step was made."""

    @abstractmethod
    def logged(self, row: Row) -> None:
        """A row of metrics was written."""

    @abstractmethod
    def close(self) -> None:
        """Leave the screen as it is."""


class Bar(Display):
    """A bar that moves.

    Args:
        console: A terminal.
        step: Steps made before.
        steps: Steps in all.
    """

    def __init__(self, console: Console, step: int, steps: int) -> None:
        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[numbers]}"))
        self._progress = Progress(
            TextColumn("fitting"), *columns, TextColumn("left"), TimeRemainingColumn(),
            console=console,
        )  # fmt: skip
        self._task = self._progress.add_task("", total=steps, completed=step, numbers="")
        self._progress.start()

    def moved(self, step: int) -> None:
        """Move the bar."""
        self._progress.update(self._task, completed=step)

    def logged(self, row: Row) -> None:
        """Show the numbers."""
        self._progress.update(self._task, numbers=in_words(row))

    def close(self) -> None:
        """Stop redrawing."""
        self._progress.stop()


class Lines(Display):
    """One plain line per row of metrics, for log files.

    Args:
        console: Not a terminal.
        step: Steps made before.
        steps: Steps in all.
    """

    def __init__(self, console: Console, step: int, steps: int) -> None:
        self._console, self._steps = console, steps
        self._started, self._first = time.perf_counter(), step

    def moved(self, step: int) -> None:
        """Print nothing."""

    def logged(self, row: Row) -> None:
        """Print the step's line."""
        step = int(row["step"])
        per_step = (time.perf_counter() - self._started) / (step - self._first)
        left = timedelta(seconds=round(per_step * (self._steps - step)))
        print_plainly(self._console, f"step {step}/{self._steps}  {in_words(row)}  left {left}")

    def close(self) -> None:
        """Do nothing: the lines stay."""


def in_words(row: Row) -> str:
    """Say a step's numbers in a few words."""
    parts = [f"loss {row['loss']:.4f}", f"{row['gaussians']} Gaussians"]
    if "val_psnr" in row:
        parts.append(f"held out {row['val_psnr']:.2f} dB")
    return "  ".join([*parts, f"{row['steps_per_second']:.3g} steps/s"])
