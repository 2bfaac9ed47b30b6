"""Median depth and normals, on request."""

import pytest
import torch

from gaussrep.cameras import Cameras
from gaussrep.errors import CapabilityError, ValueRangeError
from gaussrep.gaussians import Gaussians
from gaussrep.rendering import render
from gaussrep.rendering.renderer import Renderer
from gaussrep.testing.scenes import random_scene

CAMERA = Cameras(torch.eye(4)[None], torch.tensor([[[9.0, 0, 9], [0, 9, 9], [0, 0, 1]]]), 18, 18)


def layers(opacities):
    """Wide discs across the axis at the depths 1, 2, 3, …"""
    count = len(opacities)
    depths = torch.arange(1, count + 1.0)
    return Gaussians(
        means=torch.stack([torch.zeros(count), torch.zeros(count), depths], -1),
        quats=torch.eye(4)[:1].expand(count, 4),
        scales=torch.tensor([9.0, 9, 0.01]) * depths[:, None],
        opacities=torch.tensor(opacities),
        colors=torch.ones(count, 3),
    )


@pytest.mark.parametrize("renderer", ["cpu", "reference"])
@pytest.mark.parametrize(
    ("opacities", "depth"),
    [
        ([0.6, 0.9], 1),
        ([0.4, 0.9], 2),
        ([0.3, 0.2, 0.2, 0.9], 3),
        ([0.1, 0.1], 2),  # half of the light is never absorbed: the last one
        ([0.9, 0.9, 0.9], 1),
    ],
)
def test_the_median_is_where_half_of_the_light_is_absorbed(renderer, opacities, depth):
    found = render(layers(opacities), CAMERA, renderer, outputs=["median_depth"])
    assert found.median_depth is not None
    assert found.median_depth[0, 8, 8].item() == depth
    assert found.normals is None


def test_the_gradient_of_the_median_is_that_of_one_gaussian():
    given = layers([0.4, 0.9, 0.9])
    means = given.means.clone().requires_grad_()
    found = render(given.replace(means=means), CAMERA, "cpu", outputs=["median_depth"])
    found.median_depth[0, 8, 8].backward()
    assert means.grad.tolist() == [[0, 0, 0], [0, 0, 1], [0, 0, 0]]


def test_normals_of_several_views_come_with_the_images_of_each():
    scene = random_scene(1, batch=(2,), views=3, features=2, sh_degree=1).to(torch.float32)
    given = scene.gaussians, scene.cameras, "cpu", scene.background
    plain, found = render(*given), render(*given, outputs=["normals", "median_depth"])
    for name in ("color", "alpha", "depth", "features"):
        torch.testing.assert_close(getattr(found, name), getattr(plain, name))
    assert plain.normals is plain.median_depth is None
    lengths = found.normals.norm(dim=-1)
    torch.testing.assert_close(lengths[found.alpha > 0], torch.ones_like(lengths)[found.alpha > 0])


def test_outputs_that_do_not_exist_or_are_not_offered_are_refused():
    given = layers([0.5])
    for outputs in ("normals", ["normal"]):
        with pytest.raises(ValueRangeError, match="expected a list of 'median_depth', 'normals'"):
            render(given, CAMERA, outputs=outputs)
    with pytest.raises(CapabilityError, match="renderer 'gsplat' cannot do device cpu, median_de"):
        render(given, CAMERA, "gsplat", outputs=["median_depth"])

    class Plain(Renderer):
        def rasterize(self, gaussians, cameras, background):
            raise NotImplementedError

    with pytest.raises(CapabilityError, match="Plain cannot render median_depth, normals; use"):
        Plain().render(given, CAMERA, outputs=["normals", "median_depth"])
    with pytest.raises(CapabilityError, match="Plain cannot render median_depth"):
        Plain().rasterize_medians(given, CAMERA, torch.zeros(1, 3))
