"""Compilation of kernels in other processes, while this one compiles or runs others.

Numba's compiler holds the GIL and a lock of its own, so that threads gain nothing. Processes do:
what they compile reaches this one through the cache on disk. A kernel that is called before a
process has begun with it is compiled by the caller; when a process fails, all others are.
"""

import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from multiprocessing import parent_process
from threading import Event, Lock, Thread
from typing import Any

from numba.core.registry import cpu_target  # noqa: TID253

from gaussrep.kernels.cache import cache_folder
from gaussrep.runtime.cores import usable_cores

MAX_PROCESSES = 3
"""Processes at a time; each takes half a second until it compiles."""

_QUIET = {"NUMBA_DISABLE_ERROR_MESSAGE_HIGHLIGHTING": "1"}
"""Numba colors thousands of messages about types that do not match, which nobody sees."""

_CHILD = (
    "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer); "
    "from gaussrep.kernels.ahead import serve; serve()"
)


class _Job:
    """A kernel to compile for the types of some arguments.

    Args:
        kernel: The kernel.
        arguments: The arguments.
    """

    def __init__(self, kernel: Any, arguments: tuple[Any, ...]) -> None:
        self.kernel, self.types = kernel, tuple(map(kernel.typeof_pyval, arguments))
        self.done = Event()


class _Queue:
    """Pending jobs and running jobs."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all jobs; in a forked child no thread is left to finish them."""
        self._lock = Lock()
        self._waiting: deque[_Job] = deque()
        self._jobs: dict[Any, _Job] = {}

    def add(self, jobs: Sequence[_Job]) -> None:
        """Add jobs; those added first are begun first."""
        with self._lock:
            self._jobs.update({(job.kernel, job.types): job for job in jobs})
            self._waiting.extend(jobs)

    def take(self) -> _Job | None:
        """Take the next job to begin with; None when there is none."""
        with self._lock:
            return self._waiting.popleft() if self._waiting else None

    def withdraw(self, key: Any) -> _Job | None:
        """Withdraw a job that has not begun; return one that is being compiled."""
        with self._lock:
            job = self._jobs.get(key)
            if job in self._waiting:
                self._waiting.remove(job)
                return None
            return job


_queue = _Queue()


def compile_ahead(calls: Sequence[tuple[Callable[..., Any], tuple[Any, ...]]]) -> None:
    """Begin to compile kernels that are called soon and are not in the cache, and return.

    Nothing happens on a machine with a single core, in a process of `multiprocessing`, of which
    there may be many, and if there is no cache.

    Args:
        calls: Kernels and arguments of the types that they are called with, in the order in which
            other processes should compile them: that is best not the order of the calls.
    """
    is_python = sys.executable and not getattr(sys, "frozen", False)
    if not is_python or parent_process() is not None or cache_folder() is None:
        return
    jobs = [_Job(kernel, arguments) for kernel, arguments in calls]
    jobs = [job for job in jobs if _is_missing(job)]
    processes = min(usable_cores() - 1, len(jobs) - 1, MAX_PROCESSES)
    if processes > 0:
        _queue.add(jobs)
    for _ in range(processes):
        Thread(target=_feed, name="gaussrep-compile", daemon=True).start()


def wait_for(kernel: Any, types: tuple[Any, ...]) -> None:
    """Wait until a kernel is compiled, if a process is about to do that.

    Args:
        kernel: The kernel.
        types: Numba types of its arguments.
    """
    job = _queue.withdraw((kernel, types))
    if job is not None:
        job.done.wait()


def _is_missing(job: _Job) -> bool:
    return job.types not in job.kernel.overloads and not job.kernel._cache.holds(
        job.types, cpu_target.target_context
    )


def _feed() -> None:
    """Start a process and assign jobs to it until none is left."""
    job = None
    try:
        with subprocess.Popen(
            [sys.executable, "-c", _CHILD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | _QUIET,
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(pickle.dumps(sys.path))
            process.stdin.flush()
            while process.stdout.readline():
                if job is not None:
                    job.done.set()
                job = _queue.take()
                if job is None:
                    return
                function = job.kernel.py_func
                given = function.__module__, function.__qualname__, job.types
                process.stdin.write(pickle.dumps(given))
                process.stdin.flush()
    except OSError:  # no process can be started, or it has ended
        return
    finally:
        if job is not None:
            job.done.set()


def serve() -> None:
    """Compile what the standard input names, until it ends; in a process of `compile_ahead`."""
    with suppress(EOFError):
        while True:
            print(flush=True)
            module, name, types = pickle.load(sys.stdin.buffer)
            getattr(import_module(module), name).compile(types)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_queue.reset)
