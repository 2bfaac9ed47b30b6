import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

import gaussrep as gr
from gaussrep import similarity
from gaussrep.cameras import Cameras
from gaussrep.cuboid import Cuboid
from gaussrep.gaussians import Gaussians
from gaussrep.rendering.config import ReferenceConfig
from gaussrep.rendering.reference import ReferenceRenderer
from gaussrep.testing.scenes import random_scene

seeds = st.integers(0, 10_000)
draw = ReferenceRenderer().render


def assert_same(one, two, depth_scale=1.0):
    torch.testing.assert_close(one.color, two.color, atol=1e-9, rtol=1e-9)
    torch.testing.assert_close(one.alpha, two.alpha, atol=1e-9, rtol=1e-9)
    torch.testing.assert_close(one.depth, two.depth * depth_scale, atol=1e-9, rtol=1e-9)


@given(seeds)
@settings(max_examples=20)
def test_permutation_of_gaussians(seed):
    scene = random_scene(seed)
    order = torch.randperm(scene.gaussians.count, generator=torch.Generator().manual_seed(seed))
    assert_same(draw(scene.gaussians[order], scene.cameras), draw(scene.gaussians, scene.cameras))


@given(seeds, st.integers(0, 20))
@settings(max_examples=20)
def test_padding(seed, extra):
    scene = random_scene(seed)
    padded = scene.gaussians.pad(scene.gaussians.count + extra)
    assert_same(draw(padded, scene.cameras), draw(scene.gaussians, scene.cameras))


@given(seeds, st.sampled_from([1, -1]), st.sampled_from(["pinhole", "ortho"]))
@settings(max_examples=20)
def test_rigid_motion_of_scene_and_cameras(seed, mirror, model):
    scene = random_scene(seed, sh_degree=2, model=model, views=2)
    turn = mirror * torch.tensor(Rotation.random(rng=seed).as_matrix())
    one = turn.new_tensor(1)
    motion = similarity.compose(one, turn, torch.randn(3).double())
    moved = draw(scene.gaussians.transform(motion), scene.cameras.transform(motion))
    assert_same(moved, draw(scene.gaussians, scene.cameras))


@given(seeds, st.sampled_from(["pinhole", "ortho"]))
@settings(max_examples=20)
def test_isotropic_normalization(seed, model):
    scene = random_scene(seed, batch=(2,), sh_degree=1, model=model)
    box = Cuboid.fit(scene.gaussians, padding=0.1)
    unit = draw(box.normalize(scene.gaussians), box.normalize(scene.cameras))
    plain = draw(scene.gaussians, scene.cameras)
    torch.testing.assert_close(unit.color, plain.color, atol=1e-9, rtol=1e-9)
    torch.testing.assert_close(unit.depth, box.normalize_depth(plain.depth), atol=1e-9, rtol=1e-9)


@given(seeds)
@settings(max_examples=10)
def test_batching_is_looping(seed):
    scene = random_scene(seed, batch=(2, 2), views=2)
    whole = draw(scene.gaussians, scene.cameras, scene.background)
    for i in range(2):
        for j in range(2):
            part = draw(scene.gaussians[i, j], scene.cameras[i, j], scene.background[i, j])
            torch.testing.assert_close(whole.color[i, j], part.color)


def test_blocks_do_not_show():
    scene = random_scene(0, batch=(3,), views=2, features=2)
    whole = draw(scene.gaussians, scene.cameras)
    for block in (1, 100, 5000):
        parts = ReferenceRenderer(ReferenceConfig(max_pairs=block)).render(
            scene.gaussians, scene.cameras
        )
        assert_same(parts, whole)


@pytest.mark.parametrize("model", ["pinhole", "ortho"])
@pytest.mark.parametrize("sh_degree", [None, 2])
def test_gradcheck_of_every_input(model, sh_degree):
    scene = random_scene(12, count=4, size=(5, 4), model=model, sh_degree=sh_degree, features=2)
    fields = dict(scene.gaussians.tensors())
    inputs = [*fields.values(), scene.background, scene.cameras.viewmats, scene.cameras.Ks]
    inputs = [tensor.clone().requires_grad_() for tensor in inputs]

    def everything(*tensors):
        *values, background, viewmats, Ks = tensors
        cameras = Cameras(viewmats, Ks, 5, 4, model)
        out = draw(Gaussians(**dict(zip(fields, values, strict=True))), cameras, background)
        return out.color, out.alpha, out.depth, out.features

    assert torch.autograd.gradcheck(everything, inputs)


@pytest.mark.parametrize("block", [7, 10**6])
def test_second_derivatives(block):
    scene = random_scene(16, count=3, size=(4, 3))
    leaves = [
        t.clone().requires_grad_() for t in (scene.gaussians.means, scene.gaussians.opacities)
    ]
    renderer = ReferenceRenderer(ReferenceConfig(max_pairs=block))

    def color(means, opacities):
        moved = scene.gaussians.replace(means=means, opacities=opacities)
        return renderer.render(moved, scene.cameras).color

    assert torch.autograd.gradgradcheck(color, leaves)


def test_gradcheck_where_the_frustum_clamp_acts():
    scene = random_scene(13, count=3, size=(5, 4))
    wide = scene.gaussians.replace(
        means=scene.gaussians.means + 2 * scene.cameras.viewmats[0, 0, :3],
        scales=scene.gaussians.scales * 4,
    )
    viewmats, Ks = scene.cameras.viewmats, scene.cameras.Ks
    inputs = [t.clone().requires_grad_() for t in (wide.means, wide.scales, viewmats, Ks)]

    def color(means, scales, viewmats, Ks):
        return draw(wide.replace(means=means, scales=scales), Cameras(viewmats, Ks, 5, 4)).color

    assert color(*inputs).max() > 0.05
    assert torch.autograd.gradcheck(color, inputs)


def test_a_nearly_singular_float32_scene_has_finite_gradients():
    scene = random_scene(14, count=30)
    thin = scene.gaussians.scales * torch.tensor([1e4, 1e-6, 1e-6]).double()
    g = scene.gaussians.replace(scales=thin).to(torch.float32)
    leaves = {name: tensor.requires_grad_() for name, tensor in g.tensors()}
    out = draw(Gaussians(**leaves), scene.cameras.to(torch.float32))
    found = torch.autograd.grad(out.color.sum() + out.depth.sum(), list(leaves.values()))
    assert all(torch.isfinite(gradient).all() for gradient in found)


def test_auto_falls_to_the_reference_for_float64():
    scene = random_scene(15)
    image = gr.render(scene.gaussians, scene.cameras)
    assert image.color.dtype == torch.float64
