"""Loading of torch for a command."""

from collections.abc import Iterator
from contextlib import contextmanager

from gaussrep.runtime.collector import paused_collector
from gaussrep.runtime.console import Progress


@contextmanager
def loading(purpose: str) -> Iterator[None]:
    """Show that torch is loaded, while the garbage collector is paused.

    Args:
        purpose: What the command needs torch for.

    Yields:
        Nothing.
    """
    with Progress(f"loading torch to {purpose}"), paused_collector():
        yield
