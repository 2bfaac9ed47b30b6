"""Threads and processes: bitwise equal results with any number of them, and no deadlocks."""

import subprocess
import sys
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from textwrap import dedent
from threading import Barrier, Event

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import gaussrep as gr
from gaussrep.kernels.jit import kernel
from gaussrep.kernels.thread_choice import SHORT, ThreadChoice
from gaussrep.kernels.thread_count import (
    keep_torch_on_one_thread,
    kernel_threads,
    torch_on_one_thread,
)
from gaussrep.kernels.threads import (
    NONE,
    Tasks,
    ThreadPool,
    _choose,
    claim,
    launch,
    split_tasks,
    stage_clock,
)
from gaussrep.rendering import get_renderer
from gaussrep.testing.scenes import random_scene


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


LIMIT_S = 60


class Something:
    pass


def test_each_worker_gets_its_tasks_and_the_arguments():
    seen, begun = [], Barrier(4)

    def note_share(tasks, word):
        begun.wait(LIMIT_S)
        seen.append((tasks.thread, word))

    finish = ThreadPool().start(note_share, split_tasks(9, 3), ("a",))
    begun.wait(LIMIT_S)
    finish()
    assert sorted(seen) == [(0, "a"), (1, "a"), (2, "a")]


def test_what_a_worker_raises_is_raised_when_all_are_done_and_the_next_job_is_done():
    workers, done, begun = ThreadPool(), [], Barrier(4)

    def fail_at_first(tasks):
        begun.wait(LIMIT_S)
        if tasks.thread == 0:
            raise MemoryError("no room")
        done.append(tasks.thread)

    finish = workers.start(fail_at_first, split_tasks(3, 3), ())
    begun.wait(LIMIT_S)
    with pytest.raises(MemoryError, match="no room"):
        finish()
    assert sorted(done) == [1, 2]
    again = Event()
    finish = workers.start(lambda tasks: again.set(), split_tasks(3, 1), ())
    assert again.wait(LIMIT_S)
    finish()


def test_a_share_that_no_worker_has_begun_is_withdrawn():
    workers, begun, leave, late = ThreadPool(), Event(), Event(), []

    def occupy(tasks):
        begun.set()
        leave.wait(LIMIT_S)

    occupied = workers.start(occupy, split_tasks(1, 1), ())
    assert begun.wait(LIMIT_S)
    workers.start(lambda tasks: late.append("withdrawn"), split_tasks(1, 1), ())()
    leave.set()
    occupied()
    done = Event()
    finish = workers.start(lambda tasks: done.set(), split_tasks(1, 1), ())
    assert done.wait(LIMIT_S)
    finish()
    assert late == []


@pytest.mark.parametrize("begins", [True, False])
def test_workers_that_wait_keep_nothing_alive(begins):
    workers, argument, begun = ThreadPool(), Something(), Event()
    watch = weakref.ref(argument)
    finish = workers.start(lambda tasks, it: begun.set(), split_tasks(1, 1), (argument,))
    if begins:
        assert begun.wait(LIMIT_S)
    finish()
    del argument, finish
    deadline = time.monotonic() + 10
    while watch() is not None and time.monotonic() < deadline:
        time.sleep(0.01)  # the worker says that it is done before it has returned
    assert watch() is None


def draw_and_differentiate(seed):
    """Image and gradients as one flat tensor."""
    scene = random_scene(seed, batch=(2,), views=2, count=6, size=(40, 36), features=3)
    leaves = {name: t.float().requires_grad_() for name, t in scene.gaussians.tensors()}
    gaussians = scene.gaussians.replace(**leaves)
    cameras = scene.cameras.to(torch.float32)
    viewmats = cameras.viewmats.requires_grad_()
    cameras = cameras.replace(viewmats=viewmats)
    out = get_renderer("cpu").render(gaussians, cameras, scene.background.float())
    assert out.features is not None
    loss = out.color.square().sum() + out.depth.sum() + out.features.square().sum()
    gradients = torch.autograd.grad(loss, [*leaves.values(), viewmats])
    return torch.cat([t.flatten() for t in (out.color.detach(), out.depth.detach(), *gradients)])


@pytest.fixture
def threads():
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def test_bits_do_not_depend_on_threads_or_runs(threads):
    results = []
    for count in (1, 2, 2, 5):
        threads(count)
        results.append(draw_and_differentiate(seed=1))
    assert all(torch.equal(results[0], other) for other in results[1:])


@pytest.mark.parametrize("wait", ["passive", "adaptive"])
def test_bits_do_not_depend_on_waiting(threads, wait):
    threads(2)
    expected = draw_and_differentiate(seed=1)
    with gr.threads(wait=wait):
        assert torch.equal(draw_and_differentiate(seed=1), expected)


def test_a_clock_counts_the_stages_of_its_block():
    draw_and_differentiate(seed=1)
    with stage_clock() as clock, stage_clock() as other:
        draw_and_differentiate(seed=1)
    stages = ["project", "bin_tiles", "composite", "composite_backward", "project_backward"]
    assert [name for name in clock if clock[name] > 0] == stages
    assert clock.keys() == other.keys()
    before = dict(clock)
    draw_and_differentiate(seed=1)
    assert clock == before


def test_kernels_keep_their_threads_while_torch_has_one(threads):
    threads(2)
    expected = draw_and_differentiate(seed=1)
    keep_torch_on_one_thread(True)
    keep_torch_on_one_thread(True)
    assert (torch.get_num_threads(), kernel_threads()) == (1, 2)
    assert torch.equal(draw_and_differentiate(seed=1), expected)
    with ThreadPoolExecutor(1) as pool:  # the setting is the calling thread's
        assert pool.submit(kernel_threads).result() == torch.get_num_threads()
    for _ in range(2):
        keep_torch_on_one_thread(False)
        assert (torch.get_num_threads(), kernel_threads()) == (2, 2)


def test_torch_gets_its_threads_back_unless_it_had_one_before(threads):
    threads(2)
    with torch_on_one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2
    keep_torch_on_one_thread(True)
    with torch_on_one_thread():
        pass
    assert torch.get_num_threads() == 1
    keep_torch_on_one_thread(False)
    assert torch.get_num_threads() == 2


def test_python_threads_draw_at_the_same_time(threads):
    threads(2)
    expected = [draw_and_differentiate(seed) for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            drawn = list(pool.map(draw_and_differentiate, range(4)))
            assert all(
                torch.equal(actual, reference)
                for actual, reference in zip(drawn, expected, strict=True)
            )


SCRIPT = """
    import os, sys, torch
    from torch.utils.data import DataLoader, Dataset
    import gaussrep as gr
    from gaussrep.rendering import get_renderer
    from gaussrep.testing.scenes import random_scene

    torch.set_num_threads(2)

    # Made before any fork: torch's own threads hang in a forked child that goes on using them.
    SCENES = [random_scene(seed, count=5, size=(40, 36)) for seed in range(4)]

    def draw(index):
        scene = SCENES[index]
        colors = scene.gaussians.colors.float().requires_grad_()
        gaussians = scene.gaussians.to(torch.float32).replace(colors=colors)
        out = get_renderer("cpu").render(gaussians, scene.cameras.to(torch.float32))
        out.color.square().sum().backward()
        return torch.cat([out.color.detach().flatten(), colors.grad.flatten()])

    class Images(Dataset):
        def __len__(self):
            return 4

        def __getitem__(self, index):
            return draw(index)
"""

FORK = """
    if __name__ == "__main__":
        before = draw(0)
        child = os.fork()
        if not child:
            os._exit(0 if torch.equal(draw(0), before) else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert torch.equal(draw(0), before)
"""

WORKERS = """
    if __name__ == "__main__":
        expected = torch.stack([draw(index) for index in range(4)])
        loader = DataLoader(Images(), 4, num_workers=2, multiprocessing_context=sys.argv[1])
        assert torch.equal(next(iter(loader)), expected)
"""


def run(tmp_path, end, *arguments):
    script = tmp_path / "script.py"
    script.write_text(dedent(SCRIPT) + dedent(end))
    command = [sys.executable, "-W", "ignore", str(script), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="no fork here")
def test_a_forked_child_draws_after_its_parent_did(tmp_path):
    run(tmp_path, FORK)


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.skipif(sys.platform == "win32", reason="no fork here")
def test_data_loader_workers_draw(tmp_path, method):
    run(tmp_path, WORKERS, method)


def test_launches_of_a_new_size_begin_with_the_threads_of_the_nearest():
    _choose(test_shares_are_even, 100, 4).threads = 1
    assert _choose(test_shares_are_even, 200, 4).threads == 1
    assert _choose(test_shares_are_even, 60, 4).threads == 1
    assert _choose(test_shares_are_even, 2000, 4).threads == 4
    assert _choose(test_shares_are_even, 100, 2).threads == 2


def test_short_kernels_take_one_thread_while_others_compete(monkeypatch, threads):
    seen = []

    def count_threads(tasks, out):
        seen.append(len(tasks.shares))

    def number_of(competes):
        monkeypatch.setattr("gaussrep.kernels.threads.has_competition", lambda: competes)
        launch(count_threads, 8, None)
        return seen[-1]

    threads(2)
    assert [number_of(False) for _ in range(4)] == [2] * 4
    assert number_of(True) == 1
    assert number_of(False) == 2


def test_long_kernels_keep_their_threads_while_others_compete():
    choice = ThreadChoice(2, 2)
    for _ in range(4):
        choice.note(2, 2 * SHORT)
    assert choice.threads_beside_others() == 2
