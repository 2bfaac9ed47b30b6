"""Projection and spherical harmonics against gsplat's own formulas in torch, which need no GPU."""

import importlib.util
from importlib import metadata

import pytest
import torch
from packaging.version import Version

from gaussrep import sh
from gaussrep.rendering.conventions import EPS2D, NEAR
from gaussrep.rendering.projection import project
from gaussrep.testing.scenes import random_scene


@pytest.fixture(scope="module")
def gsplat():
    """The module, loaded from its file: gsplat itself looks for a compiler when it is imported."""
    try:
        installed = metadata.distribution("gsplat")
    except metadata.PackageNotFoundError:
        pytest.skip("gsplat is not installed")
    if Version(installed.version) < Version("1.5.3"):
        pytest.skip("the formulas of gsplat before 1.5.3 take no batches")
    file = installed.locate_file("gsplat/cuda/_torch_impl.py")
    spec = importlib.util.spec_from_file_location("gsplat_formulas", str(file))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def wide_scene(model):
    """Gaussians all around the cameras: on screen, beyond its edges, and behind."""
    scene = random_scene(3, batch=(2,), views=2, count=25, model=model)
    return scene.gaussians.replace(means=6 * scene.gaussians.means), scene.cameras


@pytest.mark.parametrize("model", ["pinhole", "ortho"])
def test_ellipses_and_their_gradients_are_those_of_gsplat(gsplat, model):
    gaussians, cameras = wide_scene(model)
    leaves = [gaussians.means, gaussians.quats, gaussians.scales, cameras.viewmats, cameras.Ks]
    means, quats, scales, viewmats, Ks = (leaf.clone().requires_grad_() for leaf in leaves)
    actual = project(
        gaussians.replace(means=means, quats=quats, scales=scales),
        cameras.replace(viewmats=viewmats, Ks=Ks),
    )
    covars, _ = gsplat._quat_scale_to_covar_preci(quats, scales, compute_preci=False)
    size = cameras.width, cameras.height
    _, *expected = gsplat._fully_fused_projection(
        means, covars, viewmats, Ks, *size, eps2d=EPS2D, near_plane=NEAR, camera_model=model
    )
    shown = (actual.depths >= NEAR).detach()
    assert 50 < shown.sum() < shown.numel()
    for mine, other in zip(
        (actual.means2d, actual.depths, actual.conics), expected[:3], strict=True
    ):
        torch.testing.assert_close(mine[shown], other[shown], rtol=1e-9, atol=1e-9)
        slopes = (
            slopes_of(tensor[shown], (means, quats, scales, viewmats, Ks))
            for tensor in (mine, other)
        )
        for slope, wanted in zip(*slopes, strict=True):
            torch.testing.assert_close(slope, wanted, rtol=1e-7, atol=1e-7)


def test_ellipses_of_an_ideal_fisheye_are_those_of_gsplat(gsplat):
    """gsplat renders fisheyes without coefficients, and adds 1e-7 to some of its denominators."""
    gaussians, cameras = wide_scene("fisheye")
    cameras = cameras.replace(distortion=torch.zeros_like(cameras.distortion))
    actual = project(gaussians, cameras)
    covars, _ = gsplat._quat_scale_to_covar_preci(
        gaussians.quats, gaussians.scales, compute_preci=False
    )
    _, *expected = gsplat._fully_fused_projection(
        gaussians.means, covars, cameras.viewmats, cameras.Ks, cameras.width, cameras.height,
        eps2d=EPS2D, near_plane=NEAR, camera_model="fisheye",
    )  # fmt: skip
    shown = actual.depths >= NEAR
    assert 50 < shown.sum() < shown.numel()
    found = actual.means2d, actual.depths, actual.conics
    for mine, other in zip(found, expected[:3], strict=True):
        torch.testing.assert_close(mine[shown], other[shown], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("model", ["pinhole", "ortho"])
def test_compensations_and_their_gradients_are_those_of_gsplat(gsplat, model):
    gaussians, cameras = wide_scene(model)
    leaves = [gaussians.means, gaussians.quats, gaussians.scales, cameras.viewmats, cameras.Ks]
    means, quats, scales, viewmats, Ks = (leaf.clone().requires_grad_() for leaf in leaves)
    actual = project(
        gaussians.replace(means=means, quats=quats, scales=scales, antialiased=True),
        cameras.replace(viewmats=viewmats, Ks=Ks),
    )
    covars, _ = gsplat._quat_scale_to_covar_preci(quats, scales, compute_preci=False)
    *_, compensations = gsplat._fully_fused_projection(
        means, covars, viewmats, Ks, cameras.width, cameras.height, eps2d=EPS2D, near_plane=NEAR,
        calc_compensations=True, camera_model=model,
    )  # fmt: skip
    shown = actual.visible
    assert shown.sum() > 10
    expected = gaussians.opacities[:, None, :] * compensations
    torch.testing.assert_close(actual.opacities[shown], expected[shown], rtol=1e-9, atol=1e-9)
    slopes = (
        slopes_of(tensor[shown], (means, quats, scales, viewmats, Ks))
        for tensor in (actual.opacities, expected)
    )
    for slope, wanted in zip(*slopes, strict=True):
        torch.testing.assert_close(slope, wanted, rtol=1e-7, atol=1e-7)


def without_skew(slope):
    """What counts of a gradient to intrinsics: gsplat's formulas allow for axes that are askew."""
    return torch.stack([slope[..., 0, 0], slope[..., 1, 1], slope[..., 0, 2], slope[..., 1, 2]], -1)


def slopes_of(tensor, leaves):
    """Gradients of a fixed mixture of a tensor's values."""
    generator = torch.Generator().manual_seed(4)
    weights = torch.randn(tensor.shape, generator=generator, dtype=tensor.dtype)
    options = {"retain_graph": True, "materialize_grads": True}
    *slopes, to_Ks = torch.autograd.grad((tensor * weights).sum(), leaves, **options)
    return *slopes, without_skew(to_Ks)


@pytest.mark.parametrize("degree", range(5))
def test_spherical_harmonics_are_those_of_gsplat(gsplat, degree):
    generator = torch.Generator().manual_seed(5)
    directions = torch.randn(30, 3, generator=generator, dtype=torch.float64)
    coefficients = torch.rand(30, (degree + 1) ** 2, 3, generator=generator, dtype=torch.float64)
    coefficients[:, 0] += 8  # colors stay above 0, where ours are cut off
    expected = gsplat._spherical_harmonics(degree, directions, coefficients) + 0.5
    torch.testing.assert_close(
        sh.evaluate(coefficients, directions), expected, rtol=1e-9, atol=1e-9
    )
