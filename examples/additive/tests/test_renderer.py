import pytest
import torch

import gaussrep as gr
from gaussrep.rendering import project
from gaussrep.rendering.dispatch import RenderRequirements, candidates
from gaussrep.testing.scenes import random_scene


def plain_sum(scene):
    """Sum every Gaussian at every pixel, one by one."""
    seen = project(scene.gaussians, scene.cameras)
    height, width = scene.cameras.height, scene.cameras.width
    color = scene.background[:, None, None].expand(-1, height, width, -1).clone()
    for view in range(scene.cameras.views):
        for y in range(height):
            for x in range(width):
                for n in range(scene.gaussians.count):
                    dx, dy = (seen.means2d[view, n] - torch.tensor([x + 0.5, y + 0.5])).tolist()
                    xx, xy, yy = seen.conics[view, n].tolist()
                    power = -0.5 * (xx * dx * dx + yy * dy * dy) - xy * dx * dy
                    weight = scene.gaussians.opacities[n] * torch.tensor(power).exp()
                    if seen.visible[view, n] and weight >= 1 / 255:
                        color[view, y, x] += weight * scene.gaussians.colors[n]
    return color


@pytest.mark.parametrize("model", ["pinhole", "ortho"])
def test_it_is_the_plain_sum(model):
    scene = random_scene(1, views=2, count=6, size=(11, 9), model=model)
    rendering = gr.render(scene.gaussians, scene.cameras, "additive", scene.background)
    expected = plain_sum(scene)
    torch.testing.assert_close(rendering.color, expected, atol=1e-6, rtol=1e-6)
    assert (rendering.color - scene.background[:, None, None]).abs().max() > 0.5


@pytest.mark.parametrize("settings", [{"tile": 1}, {"tile": 64}, {"max_pairs": 1}])
def test_tiles_and_chunks_do_not_change_the_image(settings):
    scene = random_scene(2, views=2, size=(30, 17), features=2)
    whole = gr.render(scene.gaussians, scene.cameras, "additive")
    config = gr.build("renderers", {"type": "additive", **settings})
    parts = gr.render(scene.gaussians, scene.cameras, config)
    torch.testing.assert_close(parts.color, whole.color)
    torch.testing.assert_close(parts.features, whole.features)


def test_nothing_hides_anything():
    scene = random_scene(3)
    twice = gr.Gaussians.cat([scene.gaussians, scene.gaussians])
    once = gr.render(scene.gaussians, scene.cameras, "additive").color
    torch.testing.assert_close(gr.render(twice, scene.cameras, "additive").color, 2 * once)


def test_opacity_and_color_are_one_number():
    scene = random_scene(4)
    g = scene.gaussians.replace(opacities=torch.full_like(scene.gaussians.opacities, 0.5))
    opaque = g.replace(opacities=2 * g.opacities, colors=0.5 * g.colors)
    thin, thick = (gr.render(each, scene.cameras, "additive").color for each in (g, opaque))
    skipped = 0.5 / 255 * scene.gaussians.count
    assert (thin - thick).abs().max() <= skipped


def test_auto_never_takes_it_and_says_so():
    scene = random_scene(5, features=1)
    classic = gr.render(scene.gaussians, scene.cameras, "reference")
    assert torch.equal(gr.render(scene.gaussians, scene.cameras).color, classic.color)
    refusals = {
        c.component.name: c.unavailable_reason for c in candidates(RenderRequirements("cpu"))
    }
    assert refusals["additive"] == "additive cannot do reference-equivalent images"
