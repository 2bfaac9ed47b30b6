import time
import weakref

import pytest

from gaussrep.kernels.threads import ThreadPool, split_tasks


class Something:
    pass


def test_each_worker_gets_its_tasks_and_the_arguments():
    seen = []
    wait = ThreadPool().start(
        lambda tasks, word: seen.append((tasks.thread, word)), split_tasks(9, 3), ("a",)
    )
    wait()
    assert sorted(seen) == [(0, "a"), (1, "a"), (2, "a")]


def test_what_a_worker_raises_is_raised_when_all_are_done_and_the_next_job_is_done():
    workers, done = ThreadPool(), []

    def fail_at_first(tasks):
        if tasks.thread == 0:
            raise MemoryError("no room")
        done.append(tasks.thread)

    with pytest.raises(MemoryError, match="no room"):
        workers.start(fail_at_first, split_tasks(3, 3), ())()
    assert sorted(done) == [1, 2]
    workers.start(lambda tasks: done.append(tasks.thread), split_tasks(3, 1), ())()
    assert done[2:] == [0]


def test_workers_that_wait_keep_nothing_alive():
    argument = Something()
    watch = weakref.ref(argument)
    ThreadPool().start(lambda tasks, it: None, split_tasks(1, 1), (argument,))()
    del argument
    deadline = time.monotonic() + 10
    while watch() is not None and time.monotonic() < deadline:
        time.sleep(0.01)  # the worker says that it is done before it has returned
    assert watch() is None
