import time
import weakref

import pytest

from gaussrep.kernels.tasks import share
from gaussrep.kernels.workers import Workers


class Something:
    pass


def test_each_worker_gets_its_tasks_and_the_arguments():
    seen = []
    wait = Workers().start(lambda tasks, word: seen.append((tasks.home, word)), share(9, 3), ("a",))
    wait()
    assert sorted(seen) == [(0, "a"), (1, "a"), (2, "a")]


def test_what_a_worker_raises_is_raised_when_all_are_done_and_the_next_job_is_done():
    workers, done = Workers(), []

    def fail_at_first(tasks):
        if tasks.home == 0:
            raise MemoryError("no room")
        done.append(tasks.home)

    with pytest.raises(MemoryError, match="no room"):
        workers.start(fail_at_first, share(3, 3), ())()
    assert sorted(done) == [1, 2]
    workers.start(lambda tasks: done.append(tasks.home), share(3, 1), ())()
    assert done[2:] == [0]


def test_workers_that_wait_keep_nothing_alive():
    argument = Something()
    watch = weakref.ref(argument)
    Workers().start(lambda tasks, it: None, share(1, 1), (argument,))()
    del argument
    deadline = time.monotonic() + 10
    while watch() is not None and time.monotonic() < deadline:
        time.sleep(0.01)  # the worker says that it is done before it has returned
    assert watch() is None
