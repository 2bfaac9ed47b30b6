"""How threads share the tasks of a stage."""

from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba.core import types  # noqa: TID253

from gaussrep.kernels.jit import part
from gaussrep.kernels.simd import instruction

LINE = 8
"""Numbers in a line of the cache: no two threads count in the same one."""

NONE = -1
"""What `claim` gives when no task is left."""

NEXT, END = 0, 1
"""Of a share: the next task, and the one after the last."""


class Tasks(NamedTuple):
    """The tasks of a stage, as one of its threads sees them.

    Every thread begins with a share of its own, tasks that follow each other, and helps the others
    when it is done. So what a thread wrote in one stage it mostly reads in the next, and threads
    write far from each other.
    """

    home: int
    """Number of the thread's own share."""
    shares: np.ndarray
    """int64 [threads, LINE]."""


def share(count: int, threads: int) -> list[Tasks]:
    """Divide tasks among threads.

    Args:
        count: Number of tasks.
        threads: Number of threads.

    Returns:
        What each thread's kernel is given.
    """
    bounds = [home * count // threads for home in range(threads + 1)]
    shares = np.empty((threads, LINE), np.int64)
    shares[:, NEXT], shares[:, END] = bounds[:-1], bounds[1:]
    return [Tasks(home, shares) for home in range(threads)]


@part
def claim(tasks: Any) -> int:
    """The next task for a thread, given to no other; `NONE` when all are given."""
    threads = len(tasks.shares)
    for step in range(threads):
        at = (tasks.home + step) % threads
        task = _raise(tasks.shares, at * LINE + NEXT)
        if task < tasks.shares[at, END]:
            return task
    return NONE


@instruction
def _raise(typingctx: Any, numbers: Any, at: Any) -> Any:
    """What an int64 array holds at a place, counted without its axes, while raising it by one."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        array = context.make_array(sig.args[0])(context, builder, args[0])
        place = builder.gep(array.data, [args[1]])
        return builder.atomic_rmw("add", place, ir.IntType(64)(1), "monotonic")

    return types.int64(numbers, types.int64), emit
