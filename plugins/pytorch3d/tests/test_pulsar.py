import pytest
import torch

import gaussrep as gr
from gaussrep.building import build
from gaussrep.cameras import Cameras
from gaussrep.errors import CapabilityError
from gaussrep.gaussians import Gaussians
from gaussrep.rendering import project
from gaussrep_pytorch3d.pulsar import to_spheres

pytestmark = pytest.mark.pytorch3d


def balls(means, scale=0.1, opacity=1.0):
    means = torch.as_tensor(means)
    count = len(means)
    return Gaussians(
        means,
        torch.eye(4)[:1].expand(count, 4),
        torch.full((count, 3), scale),
        torch.full((count,), opacity),
        colors=torch.eye(3)[torch.arange(count) % 3],
    )


def camera(size=(64, 48), focal=(60.0, 60.0), principal=(0.0, 0.0)):
    """Looks along z; the principal point is given from the middle of the image."""
    K = torch.tensor([[focal[0], 0, size[0] / 2], [0, focal[1], size[1] / 2], [0, 0, 1]])
    K[:2, 2] += torch.tensor(principal)
    return Cameras(torch.eye(4)[None], K[None], *size)


def draw(gaussians, cameras, background=None, **settings):
    made = build("renderers", {"type": "pulsar", **settings})
    return made.render(gaussians, cameras, background)


CAMERAS = {
    "plain": {},
    "tall": {"size": (40, 64)},
    "odd": {"size": (41, 33)},
    "principal point aside": {"principal": (7.3, -4.6)},
    "pixels that are not square": {"focal": (50.0, 70.0)},
}


@pytest.mark.parametrize("name", CAMERAS)
def test_spheres_are_where_the_core_projects_their_centers(name):
    cameras = camera(**CAMERAS[name])
    x, y = torch.meshgrid(
        torch.arange(cameras.width) + 0.5, torch.arange(cameras.height) + 0.5, indexing="xy"
    )
    for place in ([0.3, -0.35, 2.0], [-0.4, 0.2, 2.5], [0.0, 0.0, 3.0]):
        one = balls([place], scale=0.05)
        alpha = draw(one, cameras).alpha[0]
        assert alpha.max() > 0.9
        disc = (alpha > 0.5).float()
        middle = torch.stack([(disc * x).sum(), (disc * y).sum()]) / disc.sum()
        torch.testing.assert_close(middle, project(one, cameras).means2d[0, 0], atol=0.3, rtol=0)


def test_the_disc_has_the_area_of_the_gaussian():
    one, cameras = balls([[0.0, 0, 2]], scale=0.2), camera(size=(128, 128), focal=(120.0, 120.0))
    covered = (draw(one, cameras).alpha > 0.5).float().sum()
    std = 120 * 0.2 / 2
    assert covered.item() == pytest.approx(2 * torch.pi * std**2, rel=0.05)


def test_the_nearer_sphere_hides_the_farther_one():
    both = balls([[0.0, 0, 3], [0, 0, 2]])
    middle = draw(both, camera(), gamma=1e-4).color[0, 24, 32]
    torch.testing.assert_close(middle, torch.tensor([0.0, 1, 0]), atol=1e-3, rtol=0)


def test_depth_is_that_of_the_center_and_background_shows_around():
    out = draw(balls([[0.0, 0, 2]]), camera(), background=torch.tensor([0.2, 0.4, 0.6]))
    assert out.depth[0, 24, 32].item() == pytest.approx(2, rel=1e-5)
    torch.testing.assert_close(out.color[0, 0, 0], torch.tensor([0.2, 0.4, 0.6]))
    assert out.depth[0, 0, 0] == out.alpha[0, 0, 0] == 0


def test_larger_gamma_mixes_more():
    both = balls([[0.0, 0, 3], [0, 0, 2]])
    behind = [draw(both, camera(), gamma=g).color[0, 24, 32, 0].item() for g in (1e-3, 0.3, 1.0)]
    assert behind == sorted(behind)
    assert behind[0] < 1e-3 < 0.1 < behind[2]


def test_gradients_of_colors_and_features_agree_with_differences():
    torch.manual_seed(0)
    scene = balls(torch.randn(6, 3) * 0.3 + torch.tensor([0.0, 0, 2]), scale=0.15)
    scene = scene.replace(features=torch.rand(6, 2))
    weights = torch.randn(1, 48, 64, 5)

    def total(colors, features):
        out = draw(scene.replace(colors=colors, features=features), camera(), gamma=0.1)
        return (torch.cat([out.color, out.features], -1) * weights).sum()

    leaves = [scene.colors.clone().requires_grad_(), scene.features.clone().requires_grad_()]
    found = torch.autograd.grad(total(*leaves), leaves)
    for number, leaf in enumerate(leaves):
        direction = torch.randn_like(leaf)
        above, below = list(leaves), list(leaves)
        above[number], below[number] = leaf + 0.1 * direction, leaf - 0.1 * direction
        slope = (total(*above) - total(*below)) / 0.2  # linear in both
        expected = (found[number] * direction).sum()
        torch.testing.assert_close(slope.detach(), expected, rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("what", ["means", "scales", "Ks", "viewmats"])
def test_following_the_gradient_brings_the_image_closer(what):
    """Pulsar's gradients of places and sizes are those of its softness; they lead downhill."""
    wanted, start = balls([[0.03, -0.02, 2.0]], scale=0.24), balls([[0.0, 0, 2.02]], scale=0.2)
    cameras = camera()
    target = draw(wanted, cameras, gamma=0.3).color.detach()
    owner = start if what in ("means", "scales") else cameras
    leaf = getattr(owner, what).clone().requires_grad_()

    def loss(tensor):
        changed = owner.replace(**{what: tensor})
        pair = (changed, cameras) if owner is start else (start, changed)
        return (draw(*pair, gamma=0.3).color - target).square().sum()

    first = loss(leaf)
    (gradient,) = torch.autograd.grad(first, leaf)
    assert gradient.norm() > 0
    step = 1e-3 * leaf.detach().norm() / gradient.norm()
    assert loss(leaf.detach() - step * gradient) < first


def test_spheres_behind_beside_and_around_the_camera_are_left_out():
    around = [[0.0, 0, 0.1], [0.0, 0, -2], [9.0, 0, 2], [0.0, -9, 2], [0.0, 0, 2], [1.15, 0, 2]]
    seen = to_spheres(balls(around), camera(), 2**0.5).visible[0]
    assert seen.tolist() == [False, False, False, False, True, True]


def test_what_it_cannot_do_is_refused():
    one = balls([[0.0, 0, 2]])
    with pytest.raises(CapabilityError, match="cannot do ortho"):
        gr.render(one, camera().replace(model="ortho"), "pulsar")
    with pytest.raises(CapabilityError, match="cannot do float64"):
        gr.render(one.to(torch.float64), camera().to(torch.float64), "pulsar")
