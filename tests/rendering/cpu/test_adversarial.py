"""`cpu` against the float64 oracle where Gaussians, sizes and depths are awkward."""

import pytest
import torch

from gaussrep.cameras import Cameras
from gaussrep.gaussians import Gaussians
from gaussrep.rendering import get_renderer
from gaussrep.rendering.cpu.layout import BLOCK_SIZE
from gaussrep.rendering.cpu.tile import CHUNK
from gaussrep.rendering.reference import ReferenceRenderer
from gaussrep.testing.scenes import RenderInput, random_scene

WIDE = {"count": 60, "size": (45, 37)}


def plain(count, seed, opacity=(0.1, 0.9), spread=1.0, size=0.1, width=40, height=24):
    """Many Gaussians in front of one camera at the origin."""
    generator = torch.Generator().manual_seed(seed)

    def uniform(*shape):
        return torch.rand(*shape, generator=generator, dtype=torch.float64)

    low, high = opacity
    means = (uniform(count, 3) - 0.5) * spread + torch.tensor([0, 0, 2.0], dtype=torch.float64)
    gaussians = Gaussians(
        means,
        torch.randn(count, 4, generator=generator, dtype=torch.float64),
        (0.3 + uniform(count, 3)) * size,
        low + (high - low) * uniform(count),
        colors=uniform(count, 3),
    )
    return RenderInput(gaussians, camera(width, height), uniform(1, 3))


def camera(width, height):
    K = torch.tensor([[1.0 * width, 0, width / 2], [0, 1.0 * width, height / 2], [0, 0, 1]])
    return Cameras(torch.eye(4)[None].double(), K[None].double(), width, height)


def render(scene, name="cpu"):
    if name == "cpu":
        scene = RenderInput(
            scene.gaussians.to(torch.float32),
            scene.cameras.to(torch.float32),
            scene.background.float(),
        )
    return get_renderer(name).render(scene.gaussians, scene.cameras, scene.background)


def assert_agrees(scene):
    """Color, alpha and depth agree; the seeds are such that no pixel sits on a threshold."""
    actual, reference = render(scene), render(scene, "reference")
    assert (actual.color - reference.color).abs().max() < 2e-5
    assert (actual.alpha - reference.alpha).abs().max() < 2e-5
    seen = reference.alpha > 0.01
    assert ((actual.depth - reference.depth).abs() <= 1e-4 * reference.depth)[seen].all()
    return reference


def gradients(renderer, scene, dtype):
    tensors = {name: tensor.to(dtype) for name, tensor in scene.gaussians.tensors()}
    tensors |= {"viewmats": scene.cameras.viewmats.to(dtype), "Ks": scene.cameras.Ks.to(dtype)}
    tensors["background"] = scene.background.to(dtype)
    leaves = {name: tensor.detach().clone().requires_grad_() for name, tensor in tensors.items()}
    cameras = scene.cameras.replace(viewmats=leaves["viewmats"], Ks=leaves["Ks"])
    gaussians = Gaussians(**{name: leaves[name] for name, _ in scene.gaussians.tensors()})
    out = renderer.render(gaussians, cameras, leaves["background"])
    generator = torch.Generator().manual_seed(0)
    loss = torch.zeros((), dtype=dtype)
    for image in (out.color, out.alpha, out.depth):
        loss = loss + (image * torch.randn(image.shape, generator=generator).to(dtype)).sum()
    return dict(zip(leaves, torch.autograd.grad(loss, list(leaves.values())), strict=True))


def assert_gradients_agree(scene):
    actual = gradients(get_renderer("cpu"), scene, torch.float32)
    reference = gradients(ReferenceRenderer(), scene, torch.float64)
    for name, expected in reference.items():
        assert torch.isfinite(actual[name]).all(), name
        error = (actual[name].double() - expected).norm() / expected.norm().clamp_min(1e-12)
        assert error < 1e-3, name


@pytest.mark.parametrize("model", ["pinhole", "ortho"])
@pytest.mark.parametrize("seed", [1, 2])
def test_several_tiles(seed, model):
    scene = random_scene(seed, model=model, **WIDE)
    assert_agrees(scene)
    assert_gradients_agree(scene)


def test_more_gaussians_in_a_tile_than_it_takes_up_at_a_time():
    scene = plain(2 * CHUNK + 77, seed=1, opacity=(0.01, 0.1), size=0.3, width=20, height=20)
    assert_agrees(scene)
    assert_gradients_agree(scene)


def test_more_gaussians_than_a_block():
    scene = plain(2 * BLOCK_SIZE + 5, seed=2, opacity=(0.005, 0.05), size=0.05)
    assert_agrees(scene)
    assert_gradients_agree(scene)


def test_opaque_stack_stops():
    scene = plain(400, seed=3, opacity=(0.95, 1.0), spread=0.6, size=0.3)
    reference = assert_agrees(scene)
    assert reference.alpha.median() > 0.999


def test_needles():
    scene = plain(60, seed=4)
    thin = scene.gaussians.scales * torch.tensor([20.0, 1e-6, 1e-3])
    assert_agrees(
        RenderInput(scene.gaussians.replace(scales=thin), scene.cameras, scene.background)
    )


def test_gradients_where_the_local_map_is_clamped_to_the_frustum():
    scene = random_scene(7, count=40, size=(24, 20))
    wide = scene.gaussians.replace(means=scene.gaussians.means * 2.5)
    scene = RenderInput(wide, scene.cameras, scene.background)
    assert_agrees(scene)
    assert_gradients_agree(scene)


def test_behind_the_camera_and_at_the_near_plane():
    scene = plain(60, seed=5, spread=4.5)
    assert (scene.gaussians.means[:, 2] < 0.01).any()
    assert_agrees(scene)


@pytest.mark.parametrize("size", [(1, 1), (16, 16), (17, 1), (1, 33), (31, 47)])
def test_sizes(size):
    scene = plain(50, seed=6, width=size[0], height=size[1])
    assert_agrees(scene)


@pytest.mark.parametrize("opacity", [0.0, 1 / 255, 0.004, 1.0])
def test_single_opacities(opacity):
    scene = plain(5, seed=7, size=0.4)
    gaussians = scene.gaussians.replace(opacities=torch.full((5,), opacity).double())
    assert_agrees(RenderInput(gaussians, scene.cameras, scene.background))


def test_equal_depths_are_composited_by_index():
    scene = plain(40, seed=8, size=0.3)
    means = scene.gaussians.means.clone()
    means[:, 2] = 2.0
    assert_agrees(
        RenderInput(scene.gaussians.replace(means=means), scene.cameras, scene.background)
    )


def test_a_million_off_screen():
    scene = plain(20, seed=9, width=64, height=48)
    far = scene.gaussians.means[:1] + torch.tensor([1e4, 0, 0])
    gaussians = scene.gaussians.to(torch.float32)
    crowd = Gaussians(
        far.float().expand(1_000_000, 3),
        gaussians.quats[:1].expand(1_000_000, 4),
        gaussians.scales[:1].expand(1_000_000, 3),
        gaussians.opacities[:1].expand(1_000_000),
        colors=torch.zeros(1_000_000, 3),
    )
    both = RenderInput(Gaussians.cat([crowd, gaussians]), scene.cameras, scene.background)
    torch.testing.assert_close(render(both).color, render(scene).color, rtol=0, atol=0)
