from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaussrep.kernels.jit import kernel
from gaussrep.kernels.threads import NONE, Tasks, claim, split_tasks


@kernel
def note(tasks: Tasks, order: np.ndarray) -> None:
    """Write down what a thread is given, in order; `order[0]` is how much there is."""
    while True:
        task = claim(tasks)
        if task == NONE:
            return
        order[0] += 1
        order[order[0]] = task


def noted(tasks, count):
    order = np.zeros(count + 1, np.int64)
    note(tasks, order)
    return order[1 : order[0] + 1].tolist()


@given(st.integers(0, 50), st.integers(1, 9), st.data())
def test_a_thread_begins_at_home_and_then_does_the_rest(count, threads, data):
    thread = data.draw(st.integers(0, threads - 1))
    order = noted(split_tasks(count, threads)[thread], count)
    begin = thread * count // threads
    assert order == [*range(begin, count), *range(begin)]


def test_threads_that_run_side_by_side_do_every_task_once():
    count, threads = 200_000, 4
    with ThreadPoolExecutor(threads) as pool:
        done = list(pool.map(noted, split_tasks(count, threads), [count] * threads))
    assert sorted(task for order in done for task in order) == list(range(count))


@pytest.mark.parametrize(("count", "threads"), [(7, 3), (3, 7), (16, 2), (0, 1)])
def test_shares_are_even(count, threads):
    shares = split_tasks(count, threads)[0].shares
    sizes = shares[:, 1] - shares[:, 0]
    assert sizes.sum() == count
    assert sizes.max() - sizes.min() <= 1
