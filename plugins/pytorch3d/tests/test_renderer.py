import pytest
import torch

import gaussrep as gr
from gaussrep.building import build
from gaussrep.cameras import Cameras
from gaussrep.errors import CapabilityError
from gaussrep.gaussians import Gaussians
from gaussrep.rendering import project
from gaussrep.rendering.conventions import MIN_ALPHA
from gaussrep.testing.scenes import random_scene
from gaussrep_pytorch3d.library import pytorch3d
from gaussrep_pytorch3d.nearest import SIDE, enclosing_radii, nearest_gaussians

pytestmark = pytest.mark.pytorch3d


def renderer(**settings):
    return build("renderers", {"type": "pytorch3d", **settings})


def draw(scene, **settings):
    return renderer(**settings).render(scene.gaussians, scene.cameras, scene.background)


def stack(count, opacity):
    """Gaussians in one line before a camera of 5 x 4 pixels, of which they cover the middle."""
    means = torch.zeros(count, 3)
    means[:, 2] = 2 + 0.01 * torch.arange(count)
    ones = torch.ones(count)
    gaussians = Gaussians(
        means,
        torch.eye(4)[:1].expand(count, 4),
        torch.full((count, 3), 0.1),
        ones * opacity,
        colors=torch.rand(count, 3, generator=torch.Generator().manual_seed(0)),
    )
    K = torch.tensor([[[4.0, 0, 2.5], [0, 4, 2], [0, 0, 1]]])
    return gaussians, Cameras(torch.eye(4)[None], K, 5, 4)


@pytest.mark.parametrize("entries", [1, 2**20])
@pytest.mark.parametrize("size", [(5, 3), (50, 23), (16, 33), (1, 7)])
def test_circles_are_found_in_the_right_pixels(size, entries):
    width, height = size
    middle = torch.tensor(size) / 2
    means = torch.randn(1, 40, 2, generator=torch.Generator().manual_seed(0)) * middle + middle
    radii = torch.linspace(0.3, 20, 40)[None]
    listed = nearest_gaussians(torch.cat([means, radii[..., None]], -1), size, 40, entries)
    x, y = torch.meshgrid(torch.arange(width) + 0.5, torch.arange(height) + 0.5, indexing="xy")
    pixels = torch.stack([x, y], -1).flatten(0, 1)
    for number, pixel in enumerate(pixels):
        covering = ((means[0] - pixel).norm(dim=-1) < radii[0]).nonzero()[:, 0].tolist()
        assert [n for n in listed[0, number].tolist() if n >= 0] == covering


def test_a_circle_far_larger_than_the_image_covers_it():
    circles = torch.tensor([[[-1e20, 8.0, 2e20]]])
    assert not nearest_gaussians(circles, (40, 20), 1, 2**10).any()


def test_images_may_list_different_numbers():
    circles = torch.full((3, 2, 3), 0.5)
    circles[1, :, 2] = circles[2, 1, 2] = 0
    listed = nearest_gaussians(circles, (1, 1), 5, 2**10)
    assert listed.tolist() == [[[0, 1]], [[-1, -1]], [[0, -1]]]


@pytest.mark.parametrize("model", ["pinhole", "ortho"])
def test_circles_enclose_what_counts_and_no_more(model):
    scene = random_scene(0, count=40, model=model)
    seen = project(scene.gaussians, scene.cameras)
    angles = torch.linspace(0, 2 * torch.pi, 2000, dtype=torch.float64)[:, None]
    around = torch.stack([angles.cos(), angles.sin()], -1)
    edge = around * enclosing_radii(seen)[0, :, 0, None]
    xx, xy, yy = seen.conics[0].unbind(-1)
    power = -0.5 * (xx * edge[..., 0] ** 2 + yy * edge[..., 1] ** 2) - xy * edge.prod(-1)
    alpha = (scene.gaussians.opacities * power.exp()).amax(0)[seen.visible[0]]
    assert (alpha < MIN_ALPHA).all()
    assert (alpha > 0.9 * MIN_ALPHA).all()


def test_equal_depths_are_drawn_in_the_given_order():
    gaussians, cameras = stack(6, 0.5)
    means = gaussians.means.clone()
    means[:, 2] = 2.0
    alike = gaussians.replace(means=means)
    actual = gr.render(alike, cameras, "pytorch3d")
    torch.testing.assert_close(actual.color, gr.render(alike, cameras, "reference").color)


def test_gradcheck_in_double_precision():
    scene = random_scene(3, count=3, size=(4, 3), features=1)
    names = [name for name, _ in scene.gaussians.tensors()]
    draws = renderer()

    def image(viewmats, Ks, *tensors):
        gaussians = Gaussians(**dict(zip(names, tensors, strict=True)))
        cameras = scene.cameras.replace(viewmats=viewmats, Ks=Ks)
        out = draws.render(gaussians, cameras)
        return out.color, out.alpha, out.features

    tensors = [scene.cameras.viewmats, scene.cameras.Ks]
    tensors += [tensor for _, tensor in scene.gaussians.tensors()]
    assert torch.autograd.gradcheck(image, [t.clone().requires_grad_() for t in tensors])


def test_lists_that_are_too_short_are_an_error_with_the_cure():
    gaussians, cameras = stack(9, 0.1)
    with pytest.raises(CapabilityError) as caught:
        renderer(points_per_pixel=8).render(gaussians, cameras)
    covered = int((gr.render(gaussians, cameras, "reference").alpha > 0).sum())
    assert str(caught.value) == (
        f"renderer 'pytorch3d' lists 8 Gaussians per pixel, and {covered} of 20 pixels may need "
        "more; raise renderer.points_per_pixel, or leave out the farther Gaussians with "
        "renderer.overflow=warn."
    )
    actual = renderer(points_per_pixel=9).render(gaussians, cameras)
    torch.testing.assert_close(actual.color, gr.render(gaussians, cameras, "reference").color)


def test_lists_that_are_too_short_may_be_a_warning(caplog):
    gaussians, cameras = stack(9, 0.1)
    short = renderer(points_per_pixel=4, overflow="warn")
    drawn = [short.render(gaussians, cameras) for _ in range(2)]
    assert caplog.text.count("may need more; images lack the farther Gaussians") == 1
    expected = gr.render(gaussians[:4], cameras, "reference")
    torch.testing.assert_close(drawn[1].color, expected.color)


def test_what_is_behind_a_finished_pixel_is_not_missed():
    gaussians, cameras = stack(30, 0.999)
    gaussians = gaussians.replace(scales=5 * gaussians.scales)
    middle = cameras.replace(Ks=cameras.Ks * torch.tensor([[10.0, 1, 1], [1, 10, 1], [1, 1, 1]]))
    actual = renderer(points_per_pixel=8).render(gaussians, middle)
    torch.testing.assert_close(actual.color, gr.render(gaussians, middle, "reference").color)
    assert actual.alpha.min() > 0.99


def test_a_list_that_is_just_full_is_no_error():
    scene = random_scene(0, count=20)
    exact = draw(scene, points_per_pixel=20)
    torch.testing.assert_close(exact.color, draw(scene).color)


def test_blocks_do_not_change_the_image():
    scene = random_scene(5, batch=(2,), views=2, count=25, features=2)
    for max_pairs in (1, 500):
        actual, whole = draw(scene, max_pairs=max_pairs), draw(scene)
        torch.testing.assert_close(actual.color, whole.color, atol=1e-12, rtol=1e-12)
        torch.testing.assert_close(actual.features, whole.features, atol=1e-12, rtol=1e-12)


def test_pytorch3d_lists_by_order_and_not_by_depth_in_single_precision():
    """Depths that are one in float32 are two in float64, and the nearer one comes first."""
    gaussians, cameras = stack(2, 0.9)
    double = gaussians.to(torch.float64)
    means = double.means.clone()
    means[:, 2] = torch.tensor([2.0 + 1e-12, 2.0])
    near_last = double.replace(means=means)
    actual = gr.render(near_last, cameras.to(torch.float64), "pytorch3d")
    reference = gr.render(near_last, cameras.to(torch.float64), "reference")
    torch.testing.assert_close(actual.color, reference.color, atol=1e-12, rtol=1e-12)


def test_its_rasterizer_is_the_one_that_is_called(monkeypatch):
    module = pytorch3d("renderer.points.rasterize_points")
    calls = []
    real = module.rasterize_points
    monkeypatch.setattr(
        module, "rasterize_points", lambda *a, **k: calls.append(a[1:2]) or real(*a, **k)
    )
    draw(random_scene(0, size=(21, 18)))
    assert calls == [(SIDE,)]
