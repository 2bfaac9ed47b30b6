"""Stop a run after a whole step on Ctrl-C, SIGTERM or SIGUSR1. Never imports torch."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

_HANDLED: tuple[tuple[signal.Signals, Any], ...] = (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGTERM, signal.SIG_DFL),
    *([(signal.SIGUSR1, signal.SIG_DFL)] if hasattr(signal, "SIGUSR1") else []),
)
"""Each signal with the handler that is replaced; one that a program set itself stays."""


ECHO_SECONDS = 5
"""Time after a first signal within which launchers and schedulers repeat SIGTERM."""


class StopRequest:
    """Remembers the first Ctrl-C, SIGTERM or SIGUSR1; a second one raises `KeyboardInterrupt`.

    A signal other than Ctrl-C that follows within `ECHO_SECONDS` is taken for the same one.

    Attributes:
        received: The first signal; None while there was none.
    """

    received: signal.Signals | None = None
    _received_at: float = 0.0

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal.

        Args:
            number: The signal.
            frame: Frame that it interrupted.

        Raises:
            KeyboardInterrupt: It is a second signal.
        """
        if self.received is None:
            self.received, self._received_at = signal.Signals(number), time.monotonic()
            _write_line("stopping after this step, to save it; Ctrl-C again stops at once")
        elif number == signal.SIGINT or time.monotonic() - self._received_at > ECHO_SECONDS:
            raise KeyboardInterrupt


def _write_line(line: str) -> None:
    """Write to stderr unbuffered: the signal may have interrupted a write to `sys.stderr`."""
    with suppress(OSError):
        os.write(2, f"\n{line}\n".encode())


@contextmanager
def stop_on_signals() -> Iterator[StopRequest]:
    """Let Ctrl-C, SIGTERM and SIGUSR1 request a stop for as long as the body runs.

    Clusters send SIGTERM, or with `sbatch --signal=USR1@120` SIGUSR1, some time before they kill.

    Signals that are ignored or that the program handles itself stay as they are, and so do all of
    them outside of the main thread, where Python allows no handler.

    Yields:
        The request.
    """
    request = StopRequest()
    replaced: list[tuple[signal.Signals, Any]] = []
    if threading.current_thread() is threading.main_thread():
        replaced = [each for each in _HANDLED if signal.getsignal(each[0]) == each[1]]
    for number, _ in replaced:
        signal.signal(number, request)
    try:
        yield request
    finally:
        for number, before in replaced:
            signal.signal(number, before)
