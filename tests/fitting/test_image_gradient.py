import pytest
import torch

from gaussrep.fitting.image_gradient import one_each, per_view, pixel_gradients
from gaussrep.rendering import render
from gaussrep.rendering.projection import project
from gaussrep.testing.scenes import LENSES


@pytest.mark.parametrize("model", ["pinhole", "ortho", "opencv", "fisheye"])
def test_is_exact_where_the_loss_depends_on_projected_centers_alone(tiny_scene, ring, model):
    lens = torch.tensor(LENSES[model]).expand(11, -1) if model in LENSES else None
    cameras = ring.replace(model=model, height=24, distortion=lens)
    copies = per_view(tiny_scene.replace(means=tiny_scene.means.clone().requires_grad_()), 11)
    weights = torch.randn(11, 12, 2)
    means2d = project(copies, one_each(cameras)).means2d[:, 0]
    (weights * means2d).sum().backward()
    found = pixel_gradients(copies.means.detach(), copies.means.grad, cameras)
    torch.testing.assert_close(found, weights * torch.tensor([8.0, 12.0]), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("model", "tolerance"), [("ortho", 1e-4), ("pinhole", 0.1)])
@pytest.mark.parametrize("renderer", ["cpu", "reference"])
def test_moving_every_gaussian_is_moving_the_principal_point(
    tiny_scene, ring, renderer, model, tolerance
):
    """With a pinhole, shapes change a little with the center: there the two nearly agree."""
    Ks = ring.Ks.clone()
    if model == "ortho":
        Ks[:, :2, :2] /= 2.5
    Ks.requires_grad_()
    cameras = ring.replace(Ks=Ks, model=model)
    copies = per_view(tiny_scene.replace(means=tiny_scene.means.clone().requires_grad_()), 11)
    color = render(copies, one_each(cameras), renderer).color
    (color[:, 0] * torch.randn(color[:, 0].shape, generator=torch.Generator().manual_seed(0))
     ).sum().backward()  # fmt: skip
    found = pixel_gradients(copies.means.detach(), copies.means.grad, ring.replace(
        Ks=Ks.detach(), model=model)).sum(1)  # fmt: skip
    expected = 8 * Ks.grad[:, :2, 2]
    assert (found - expected).norm() < tolerance * expected.norm()


def test_views_keep_their_gradients_apart(tiny_scene, ring):
    means = tiny_scene.means.clone().requires_grad_()
    copies = per_view(tiny_scene.replace(means=means), 2)
    drawn = render(copies, one_each(ring[:2])).color
    (drawn[0].sum() + 0 * drawn[1].sum()).backward()
    assert copies.means.grad[0].any()
    assert not copies.means.grad[1].any()
    torch.testing.assert_close(means.grad, copies.means.grad.sum(0))


def test_copies_draw_the_same_images(tiny_scene, ring):
    apart = render(per_view(tiny_scene, 11), one_each(ring)).color[:, 0]
    torch.testing.assert_close(apart, render(tiny_scene, ring).color)
