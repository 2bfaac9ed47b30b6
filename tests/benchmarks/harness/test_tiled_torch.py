import pytest
import torch

from gaussrep.rendering.reference import ReferenceRenderer
from gaussrep.testing.scenes import random_scene
from harness.tiled_torch import TiledTorchRenderer


@pytest.mark.parametrize(
    "options",
    [{}, {"model": "ortho", "features": 2}, {"batch": (2,), "views": 2, "sh_degree": 1}],
)
def test_it_draws_what_the_reference_draws(options):
    scene = random_scene(1, size=(37, 21), **options)
    actual = TiledTorchRenderer().render(scene.gaussians, scene.cameras, scene.background)
    expected = ReferenceRenderer().render(scene.gaussians, scene.cameras, scene.background)
    for name in ("color", "alpha", "depth"):
        torch.testing.assert_close(getattr(actual, name), getattr(expected, name))
    if expected.features is not None:
        torch.testing.assert_close(actual.features, expected.features)


def test_its_gradients_are_those_of_the_reference():
    scene = random_scene(2, size=(37, 21))
    means = scene.gaussians.means.clone().requires_grad_()
    found = []
    for renderer in (TiledTorchRenderer(), ReferenceRenderer()):
        out = renderer.render(scene.gaussians.replace(means=means), scene.cameras)
        found.append(torch.autograd.grad(out.color.square().sum(), means)[0])
    torch.testing.assert_close(*found)
