"""Threads that share the tasks of a kernel.

Kernels run without the GIL on plain Python threads. No threading layer of Numba is ever started, so
that several Python threads, and forked and spawned processes, may run kernels at the same time,
each with as many threads as torch has there.
"""

import os
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from queue import SimpleQueue
from threading import Lock, Thread
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba.core import types  # noqa: TID253

from gaussrep.kernels.jit import inline_jit
from gaussrep.kernels.simd.vectors import intrinsic
from gaussrep.kernels.thread_choice import ThreadChoice
from gaussrep.kernels.thread_count import kernel_threads
from gaussrep.runtime.openmp import has_competition

CACHE_LINE = 8
"""Integers in a cache line; no two threads count in the same line."""

NONE = -1
"""Result of `claim` when no task is left."""

NEXT, END = 0, 1
"""Columns of a share: the next task, and the end."""


class Tasks(NamedTuple):
    """The tasks of one launch, as one of its threads sees them.

    Every thread starts with its own share of consecutive tasks and helps the others when it is
    done, so that it mostly reads what it wrote in the kernel before, and writes far from the other
    threads.
    """

    thread: int
    """Number of the thread, and of its own share."""
    shares: np.ndarray
    """int64 [threads, CACHE_LINE]."""


def split_tasks(count: int, threads: int) -> list[Tasks]:
    """Divide tasks evenly among threads.

    Args:
        count: Number of tasks.
        threads: Number of threads.

    Returns:
        First argument of the kernel, for each thread.
    """
    shares = np.empty((threads, CACHE_LINE), np.int64)
    for thread in range(threads):
        shares[thread, NEXT] = thread * count // threads
        shares[thread, END] = (thread + 1) * count // threads
    return [Tasks(thread, shares) for thread in range(threads)]


@inline_jit
def claim(tasks: Any) -> int:
    """Claim the next task, which no other thread gets; `NONE` when none is left.

    Args:
        tasks: First argument of the kernel.

    Returns:
        Number of the task, from 0, or `NONE`.
    """
    threads = len(tasks.shares)
    for step in range(threads):
        at = (tasks.thread + step) % threads
        task = fetch_add(tasks.shares, at * CACHE_LINE + NEXT)
        if task < tasks.shares[at, END]:
            return task
    return NONE


@intrinsic
def fetch_add(typingctx: Any, array: Any, index: Any) -> Any:
    """Add one to an element of an int64 array atomically and return the value before.

    What a thread wrote before is there for those that find its addition.
    """

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        struct = context.make_array(sig.args[0])(context, builder, args[0])
        place = builder.gep(struct.data, [args[1]])
        return builder.atomic_rmw("add", place, ir.IntType(64)(1), "acq_rel")

    return types.int64(array, types.int64), emit


class _Job:
    """A kernel's launch: shares that a thread of the pool may begin, until they are withdrawn."""

    def __init__(
        self, kernel: Callable[..., Any], shares: Sequence[Tasks], arguments: tuple[Any, ...]
    ) -> None:
        self._kernel, self._arguments = kernel, arguments
        self._waiting, self._count = deque(shares), len(shares)
        self._outcomes: SimpleQueue[Exception | None] = SimpleQueue()

    def run_share(self) -> None:
        """Begin a share that waits, if there is one."""
        tasks = self._take()
        if tasks is None:
            return
        try:
            self._kernel(tasks, *self._arguments)
        except Exception as error:  # raised again by the thread that waits
            self._outcomes.put(error)
        else:
            self._outcomes.put(None)

    def finish(self) -> None:
        """Withdraw the shares that wait, and wait for those that have begun.

        On a busy machine, a thread may get a core only after the others have done all tasks: it
        then has nothing left to do, and nobody waits for it.
        """
        begun = self._count
        while self._take() is not None:
            begun -= 1
        outcomes = [self._outcomes.get() for _ in range(begun)]
        self._arguments = ()  # threads that come late keep no images alive
        for error in outcomes:
            if error is not None:
                raise error

    def _take(self) -> Tasks | None:
        try:
            return self._waiting.popleft()
        except IndexError:
            return None


class ThreadPool:
    """Threads that wait for kernels, blocked; they are kept, as many as were needed at once.

    A kernel on a small image takes a tenth of a millisecond, and a render launches several: the
    cost of a hand-over counts, and futures cost more than these queues.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start over without threads; a forked child has none."""
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        self._count = 0
        self._counting = Lock()

    def start(
        self, kernel: Callable[..., Any], shares: Sequence[Tasks], arguments: tuple[Any, ...]
    ) -> Callable[[], None]:
        """Run a kernel once per share, each in a thread.

        Args:
            kernel: Takes `Tasks` and the arguments.
            shares: First argument of each call.
            arguments: Further arguments.

        Returns:
            A function to call when no task is left to claim. It waits until all calls that have
            begun are done, and raises what one of them raised.
        """
        with self._counting:
            while self._count < len(shares):
                Thread(target=self._serve, name="gaussrep-cpu", daemon=True).start()
                self._count += 1
        job = _Job(kernel, shares, arguments)
        for _ in shares:
            self._jobs.put(job)
        return job.finish

    def _serve(self) -> None:
        jobs = self._jobs
        while True:
            jobs.get().run_share()


_pool = ThreadPool()
_choices: dict[Any, ThreadChoice] = {}
_clocks: dict[int, defaultdict[str, float]] = {}


@contextmanager
def stage_clock() -> Iterator[defaultdict[str, float]]:
    """Time the kernels that any thread launches during a block.

    Yields:
        Milliseconds by kernel, summed over launches; filled while the block runs.
    """
    clock: defaultdict[str, float] = defaultdict(float)
    _clocks[id(clock)] = clock
    try:
        yield clock
    finally:
        del _clocks[id(clock)]


def launch(kernel: Callable[..., Any], tasks: int, *arguments: Any) -> None:
    """Run a kernel until its tasks are done, on up to `kernel_threads()` threads.

    It takes as many of them as took the least time before; see `thread_choice`.

    Args:
        kernel: Takes `Tasks` and the arguments, claims tasks and returns when none is left.
        tasks: Number of tasks, and the largest number of threads.
        arguments: Further arguments of the kernel.

    Examples:
        >>> from gaussrep.kernels import NONE, claim, kernel, launch
        >>> @kernel
        ... def square(tasks, x, out):
        ...     while True:
        ...         n = claim(tasks)
        ...         if n == NONE:
        ...             return
        ...         out[n] = x[n] * x[n]
        >>> x, out = np.arange(3.0), np.empty(3)
        >>> launch(square, len(x), x, out)
        >>> out
        array([0., 1., 4.])
    """
    start, most = perf_counter(), min(kernel_threads(), tasks)
    choice = _choose(kernel, tasks, most) if most > 1 else None
    threads = _count_threads(choice) if choice else 1
    own, *others = split_tasks(tasks, threads)
    finish = _pool.start(kernel, others, arguments) if others else None
    kernel(own, *arguments)
    if finish is not None:
        finish()
    seconds = perf_counter() - start
    if choice:
        choice.note(threads, seconds)
    for clock in tuple(_clocks.values()):
        clock[kernel.__name__] += 1e3 * seconds


def _count_threads(choice: ThreadChoice) -> int:
    return choice.threads_beside_others() if has_competition() else choice.threads


def _choose(kernel: Callable[..., Any], tasks: int, most: int) -> ThreadChoice:
    """Find the choice for launches of a kernel with about as many tasks.

    A new one begins with the number of threads for half or twice as many tasks.
    """
    size = tasks.bit_length()
    if (kernel, size, most) not in _choices:
        near = _choices.get((kernel, size - 1, most)) or _choices.get((kernel, size + 1, most))
        _choices[kernel, size, most] = ThreadChoice(most, near.threads if near else most)
    return _choices[kernel, size, most]


def _forget() -> None:
    """Let a forked child start its own threads, and free it of locks that others held."""
    _pool.reset()
    _choices.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
