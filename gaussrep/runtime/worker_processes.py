"""Worker processes that end with their parent and leave the cores to others while they wait."""

import os
import signal
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from threading import Thread

__all__ = ["worker_pool"]

ORPHANED = 1
"""Exit code of a worker whose parent has ended."""


def worker_pool(processes: int) -> ProcessPoolExecutor:
    """Start a pool of spawned worker processes, which end when this process ends in any way.

    Ctrl-C, which a terminal sends to all processes, is left to this one: work begun is finished.

    Args:
        processes: Number of processes, >= 1.

    Returns:
        The pool; shut it down, or use it in a `with` statement.
    """
    return ProcessPoolExecutor(
        processes, mp_context=get_context("spawn"), initializer=prepare_worker
    )


def prepare_worker() -> None:
    """Let this worker end with its parent, not by Ctrl-C, and its threads block while they wait.

    As many processes as cores compute at once, so a thread that spins takes time from another.
    Variables of the environment that the user set are kept.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("KMP_BLOCKTIME", "0")


def end_with_parent() -> None:
    """End this process as soon as its parent has ended, even if it was killed.

    Call it in a child that `multiprocessing` started. Files are written to a temporary name first,
    so none is left unfinished under its own name.
    """
    parent = parent_process()
    if parent is not None:
        Thread(target=_watch, args=(parent.sentinel,), name="gaussrep-parent", daemon=True).start()


def _watch(sentinel: int) -> None:
    wait([sentinel])
    os._exit(ORPHANED)
