"""A line now and then, while something takes long."""

import time

from rich.console import Console

from gaussrep.training.callbacks.progress import print_plainly

SECONDS = 10.0
"""Time between two lines; what is done sooner prints none."""


class Ticker:
    """Prints how far something has come, on stderr.

    Args:
        what: What goes on.
        total: Number of steps.
    """

    def __init__(self, what: str, total: int) -> None:
        self._what, self._total = what, total
        self._last = time.monotonic()

    def tick(self, done: int, note: str = "") -> None:
        """Print a line if the last one was long ago.

        Args:
            done: Steps made so far.
            note: What else to say.
        """
        if time.monotonic() - self._last < SECONDS:
            return
        self._last = time.monotonic()
        line = f"{self._what}: {done}/{self._total}  {note}".rstrip()
        print_plainly(Console(stderr=True), line)
