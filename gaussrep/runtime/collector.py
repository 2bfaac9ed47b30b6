"""Pausing of Python's garbage collector while a program loads torch, or other large modules.

torch's and Numba's modules create hundreds of thousands of objects that live until the program
ends. The collector would examine them repeatedly while they are created, which takes a fifth of the
time.
"""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class _Pause:
    """State of the pause that `paused_collector` and `resume_collector` control."""

    is_on = False
    has_frozen = False


@contextmanager
def disabled_collector() -> Iterator[None]:
    """Disable the garbage collector during a block that creates many objects that stay.

    Yields:
        Nothing.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def paused_collector() -> Iterator[None]:
    """Pause the garbage collector until `resume_collector`, at most until the end of the block.

    Nothing happens if torch is loaded already, or the collector is off.

    Yields:
        Nothing.
    """
    begins = gc.isenabled() and "torch" not in sys.modules
    if begins:
        gc.disable()
        _Pause.is_on = True
    try:
        yield
    finally:
        if begins:
            resume_collector()


def resume_collector() -> None:
    """End a pause; existing objects are examined by `collect` only."""
    if _Pause.is_on:
        _Pause.is_on, _Pause.has_frozen = False, True
        gc.freeze()
        gc.enable()


def collect() -> None:
    """Collect all garbage, including objects that existed at the end of a pause."""
    if _Pause.has_frozen:
        _Pause.has_frozen = False
        gc.unfreeze()
    gc.collect()
