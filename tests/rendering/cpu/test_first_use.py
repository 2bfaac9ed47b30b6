"""What is compiled ahead is what calls need."""

import pytest
import torch

from gaussrep.rendering import get_renderer
from gaussrep.rendering.cpu import first_use
from gaussrep.testing.gradients import gradients
from gaussrep.testing.scenes import random_scene

KINDS = [{}, {"features": 21}, {"sh_degree": 2, "batch": (2,), "views": 2}, {"model": "opencv"}]


@pytest.mark.parametrize("kind", KINDS)
def test_calls_find_the_types_that_were_compiled_ahead(monkeypatch, kind):
    ahead = []
    monkeypatch.setattr(first_use, "compile_ahead", ahead.extend)
    renderer = get_renderer("cpu")
    monkeypatch.setattr(renderer, "_compile_first", first_use.compile_first.__wrapped__)
    scene = random_scene(3, **kind).to("cpu", torch.float32)
    renderer.render(scene.gaussians, scene.cameras, scene.background)
    forward = len(ahead)
    renderer.render(scene.gaussians, scene.cameras, outputs=["median_depth"])
    gradients(renderer, scene, cameras=True)
    assert len(ahead) == 3 * forward + 2
    for kernel, arguments in ahead:
        assert tuple(map(kernel.typeof_pyval, arguments)) in kernel.overloads
