"""Threads and processes: the same bits whoever draws, and nobody dies."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from textwrap import dedent

import pytest
import torch

from gaussrep.kernels.threads import stage_clock
from gaussrep.rendering import get_renderer
from gaussrep.testing.scenes import random_scene


def draw_and_differentiate(seed):
    """Picture and gradients as one flat tensor."""
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


def test_python_threads_draw_at_the_same_time(threads):
    threads(2)
    expected = [draw_and_differentiate(seed) for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            drawn = list(pool.map(draw_and_differentiate, range(4)))
            assert all(
                torch.equal(ours, theirs) for ours, theirs in zip(drawn, expected, strict=True)
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

    class Pictures(Dataset):
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
        loader = DataLoader(Pictures(), 4, num_workers=2, multiprocessing_context=sys.argv[1])
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
