"""Several threads on the tasks of one stage.

The kernels run without the GIL on plain Python threads and share the tasks. So no threading layer
of Numba is ever started: Python threads may draw at the same time, and forked and spawned processes
may draw too, with as many threads as torch has there.
"""

import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

import torch

from gaussrep.kernels.tasks import share
from gaussrep.kernels.workers import Workers

_workers = Workers()
_clocks: dict[int, defaultdict[str, float]] = {}


@contextmanager
def stage_clock() -> Iterator[defaultdict[str, float]]:
    """Time the stages that run in a block, whoever starts them.

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
    """Run a kernel until its tasks are done, on up to `torch.get_num_threads()` threads.

    Args:
        kernel: Takes `Tasks` and the arguments, claims tasks and returns when none is left.
        tasks: How many tasks there are; no more threads than that are used.
        arguments: Passed on.
    """
    start, threads = perf_counter(), max(1, min(torch.get_num_threads(), tasks))
    own, *others = share(tasks, threads)
    wait = _workers.start(kernel, others, arguments)
    kernel(own, *arguments)
    wait()
    for clock in tuple(_clocks.values()):
        clock[kernel.__name__] += 1e3 * (perf_counter() - start)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_workers.forget)
