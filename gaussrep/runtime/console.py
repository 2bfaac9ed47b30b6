"""Tables of results and the progress of long work on the console. Never imports torch."""

import os
import statistics
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import typer

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

__all__ = ["Progress"]

LINE_SECONDS = 4.5
"""Seconds between the plain lines of a progress."""
WARMUP = 2
"""Number of first updates that the remaining time leaves out: they load, allocate and compile."""
RECENT = 50
"""Number of latest updates whose median gives the remaining time."""


def print_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table.

    On a terminal it has borders and is wrapped to the width; elsewhere each row is one line of
    aligned columns.

    Args:
        headers: Titles of the columns.
        rows: Cells, one per header.
    """
    if sys.stdout.isatty():
        _draw(headers, rows)
        return
    widths = [max(map(len, column)) for column in zip(headers, *rows, strict=True)]
    for row in [headers, *rows]:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())


def _draw(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*headers)
    for row in rows:
        table.add_row(*map(Text, row))
    Console().print(table)


class RemainingTime:
    """Estimates the remaining time from the median duration of the latest steps.

    The first steps are left out, because they compile and allocate; a single slow step in between
    changes nothing.

    Args:
        done: Steps that were made before.
        clock: Returns seconds.

    Attributes:
        done: Steps made so far.

    Examples:
        >>> ticks = iter([0, 60, 61, 62, 63, 64])
        >>> remaining = RemainingTime(clock=lambda: next(ticks))
        >>> for done in range(1, 6):
        ...     remaining.update(done)
        >>> remaining.seconds(total=100)
        95.0
    """

    def __init__(self, done: int = 0, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self.done, self._time, self._updates = done, clock(), 0
        self._durations: deque[float] = deque(maxlen=RECENT)

    def update(self, done: int) -> None:
        """Record the number of finished steps.

        Args:
            done: Total number of steps made; an update without new steps is skipped.
        """
        if done <= self.done:
            return
        now = self._clock()
        self._updates += 1
        if self._updates > WARMUP:
            self._durations.append((now - self._time) / (done - self.done))
        self.done, self._time = done, now

    def seconds(self, total: int) -> float | None:
        """Estimate the remaining time.

        Args:
            total: All steps.

        Returns:
            Seconds; None until enough steps were made.
        """
        if not self._durations:
            return None
        return statistics.median(self._durations) * (total - self.done)


class Progress:
    """Shows progress: a bar on a terminal, a plain line every few seconds elsewhere.

    Use it as a context manager. A nested one hides the outer one. Only the
    main thread of the main process shows anything, on stderr.

    Args:
        title: Name of the work.
        total: Number of steps; None if it is not known, and the elapsed time is shown instead.
        done: Steps that were made before.

    Examples:
        >>> with Progress("embedding", total=2) as progress:
        ...     progress.update(1)
        ...     progress.update(2, text="loss 0.5")
    """

    _shown: ClassVar[list["Progress"]] = []

    def __init__(self, title: str, total: int | None = None, done: int = 0) -> None:
        self._title, self._total, self._done = title, total, done
        self._text = ""
        self._news = time.perf_counter()
        self._remaining = RemainingTime(done)
        self._display: _Bar | _Lines | None = None

    def __enter__(self) -> "Progress":
        is_main = os.environ.get("RANK", "0") == "0"
        if is_main and threading.current_thread() is threading.main_thread():
            is_nested = bool(self._shown)
            if is_nested:
                self._shown[-1]._hide()
            self._display = _display(self, is_nested=is_nested)
            self._shown.append(self)
            self._display.start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._display is None:
            return
        self._hide()
        self._shown.remove(self)
        if self._shown:
            self._shown[-1]._show_again()

    def update(self, done: int, total: int | None = None, text: str = "") -> None:
        """Show the number of finished steps.

        Args:
            done: Total number of steps made.
            total: Number of steps, if it was not known before.
            text: Numbers to show.
        """
        self._done, self._text, self._news = done, text, time.perf_counter()
        self._total = self._total if total is None else total
        self._remaining.update(done)
        if self._display is not None:
            self._display.update()

    def _state(self) -> str:
        """Steps, metrics and the remaining time, if known."""
        parts = [] if self._total is None else [f"{self._done}/{self._total}"]
        parts += [self._text] if self._text else []
        left = None if self._total is None else self._remaining.seconds(self._total)
        if left is not None:
            parts.append(f"left {timedelta(seconds=round(left))}")
        return "  ".join(parts)

    def _hide(self) -> None:
        if self._display is not None:
            self._display.stop()

    def _show_again(self) -> None:
        if self._display is not None:
            self._display = _display(self, is_nested=True)
            self._display.start()


@contextmanager
def paused_progress() -> Iterator[None]:
    """Hide the progress that is shown while another library shows its own, such as a download.

    Yields:
        Nothing.
    """
    outer = Progress._shown[-1] if Progress._shown else None
    if outer is not None:
        outer._hide()
    try:
        yield
    finally:
        if outer is not None:
            outer._show_again()


class _Lines:
    """Prints a line at the start, every few seconds and at the end.

    A line without news ends with the time since the last news.

    Args:
        progress: The progress to show.
        is_nested: Whether to start without a line, because another progress printed one.
    """

    def __init__(self, progress: Progress, *, is_nested: bool) -> None:
        self._progress, self._is_nested = progress, is_nested
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._repeat, daemon=True)
        self._is_current = is_nested

    def start(self) -> None:
        if not self._is_nested:
            self._print(f"{self._progress._title} …")
        self._thread.start()

    def update(self) -> None:
        self._is_current = False

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()
        if not self._is_current and not self._is_nested and self._progress._state():
            self._print(self._line())

    def _repeat(self) -> None:
        while not self._stopped.wait(LINE_SECONDS):
            self._print(self._line())

    def _line(self) -> str:
        state = self._progress._state()
        if self._is_current or not state:
            silence = time.perf_counter() - self._progress._news
            state = f"{state}  … {silence:.0f} s".lstrip()
        return f"{self._progress._title} {state}"

    def _print(self, line: str) -> None:
        self._is_current = True
        print(line, file=sys.stderr, flush=True)


class _Bar:
    """Shows a bar that is redrawn several times per second.

    Args:
        progress: The progress to show.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bar = _rich_progress(transient=progress._total is None)

    def start(self) -> None:
        done, total = self._progress._done, self._progress._total
        state = self._progress._state()
        self._task = self._bar.add_task(
            self._progress._title, completed=done, total=total, state=state
        )
        self._bar.start()

    def update(self) -> None:
        done, total = self._progress._done, self._progress._total
        state = self._progress._state()
        self._bar.update(self._task, completed=done, total=total, state=state)

    def stop(self) -> None:
        self._bar.stop()


def _display(progress: Progress, *, is_nested: bool) -> _Bar | _Lines:
    return _Bar(progress) if sys.stderr.isatty() else _Lines(progress, is_nested=is_nested)


def _rich_progress(*, transient: bool) -> "RichProgress":
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as RichProgress

    columns: list[Any] = [
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[state]}", markup=False),
        TimeElapsedColumn(),
    ]
    return RichProgress(*columns, console=Console(stderr=True), transient=transient)
