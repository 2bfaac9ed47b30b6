import gc
import weakref

import pytest

from gaussrep.rendering.cpu.helpers import Helpers
from gaussrep.rendering.cpu.tasks import share


class Something:
    pass


def test_each_helper_gets_its_tasks_and_the_arguments():
    seen = []
    wait = Helpers().start(lambda tasks, word: seen.append((tasks.home, word)), share(9, 3), ("a",))
    wait()
    assert sorted(seen) == [(0, "a"), (1, "a"), (2, "a")]


def test_what_a_helper_raises_is_raised_when_all_are_done_and_the_next_job_is_done():
    helpers, done = Helpers(), []

    def fail_at_first(tasks):
        if tasks.home == 0:
            raise MemoryError("no room")
        done.append(tasks.home)

    with pytest.raises(MemoryError, match="no room"):
        helpers.start(fail_at_first, share(3, 3), ())()
    assert sorted(done) == [1, 2]
    helpers.start(lambda tasks: done.append(tasks.home), share(3, 1), ())()
    assert done[2:] == [0]


def test_helpers_that_wait_keep_nothing_alive():
    helpers, argument = Helpers(), Something()
    watch = weakref.ref(argument)
    helpers.start(lambda tasks, it: None, share(1, 1), (argument,))()
    helpers.start(lambda tasks: None, share(1, 1), ())()
    del argument
    gc.collect()
    assert watch() is None
