"""What is compiled ahead is what calls need."""

import subprocess
import sys

import pytest
import torch

from gaussrep.rendering.config import CpuConfig
from gaussrep.rendering.cpu import first_use, stages
from gaussrep.rendering.cpu.renderer import CpuRenderer
from gaussrep.testing.gradients import gradients
from gaussrep.testing.scenes import random_scene

KERNELS = (
    stages.find_bounds,
    stages.project,
    stages.bin_tiles,
    stages.composite,
    stages.composite_backward,
    stages.project_backward,
)
KINDS = [{}, {"features": 21}, {"sh_degree": 2, "batch": (2,), "views": 2}, {"model": "opencv"}]


@pytest.mark.parametrize(("kind", "window"), [*((kind, 0) for kind in KINDS), ({}, 2)])
def test_calls_find_the_types_that_were_compiled_ahead(monkeypatch, kind, window):
    ahead = []
    monkeypatch.setattr(first_use, "compile_ahead", ahead.extend)
    renderer = CpuRenderer(CpuConfig(type="cpu", order_window=window))
    monkeypatch.setattr(renderer, "_compile_first", first_use.compile_first.__wrapped__)
    scene = random_scene(3, **kind).to("cpu", torch.float32)
    renderer.render(scene.gaussians, scene.cameras, scene.background)
    forward = len(ahead)
    renderer.render(scene.gaussians, scene.cameras, outputs=["median_depth"])
    gradients(renderer, scene, cameras=True)
    assert len(ahead) == 3 * forward + 2
    for kernel, arguments in ahead:
        assert tuple(map(kernel.typeof_pyval, arguments)) in kernel.overloads


def test_processes_that_compile_import_neither_torch_nor_scipys_blas():
    modules = sorted({kernel.__module__ for kernel in KERNELS})
    program = (
        f"import sys, importlib; list(map(importlib.import_module, {modules}));"
        "from gaussrep.kernels import kernel; assert kernel(lambda x: x + 1)(1) == 2;"
        "assert 'numba.np.arraymath' in sys.modules;"
        "assert not {'torch', 'scipy.linalg'} & {*sys.modules};"
        "import numba, numpy as np; dot = numba.njit(lambda a: np.dot(a, a));"
        "assert dot(np.ones((2, 2))).tolist() == [[2, 2], [2, 2]]"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
