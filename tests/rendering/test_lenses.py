"""Cameras with a lens, projected by torch."""

from math import pi

import numpy as np
import pytest
import torch

from gaussrep.cameras import Cameras
from gaussrep.errors import CapabilityError
from gaussrep.rendering import get_renderer, render
from gaussrep.rendering.conventions import FRUSTUM_MARGIN
from gaussrep.rendering.gsplat.renderer import GsplatRenderer
from gaussrep.rendering.lenses import frustum, is_within
from gaussrep.rendering.projection import camera_map, project
from gaussrep.rendering.reference import ReferenceRenderer
from gaussrep.testing.gradients import directional_derivatives, gradients
from gaussrep.testing.lens_rays import lens_ray
from gaussrep.testing.scenes import LENSES, RenderInput, random_scene

K = torch.tensor([[40.0, 0, 30], [0, 44, 26], [0, 0, 1]], dtype=torch.float64)


def camera(model, coefficients=None):
    lens = LENSES[model] if coefficients is None else coefficients
    distortion = torch.tensor(lens, dtype=torch.float64)[None]
    eye = torch.eye(4, dtype=torch.float64)[None]
    return Cameras(eye, K[None], 60, 52, model, distortion)


@pytest.mark.parametrize("model", sorted(LENSES))
def test_points_on_rays_of_an_independent_camera_project_to_its_pixels(model):
    rng = np.random.default_rng(0)
    pixels = rng.uniform([0, 0], [60, 52], (50, 2))
    rays = np.stack([lens_ray(model, K.numpy(), LENSES[model], pixel) for pixel in pixels.tolist()])
    points = torch.from_numpy(rays * rng.uniform(0.5, 9, (50, 1)))
    found, _ = camera_map(points[None], camera(model))
    np.testing.assert_allclose(found[0].numpy(), pixels, atol=1e-9)
    assert is_within(points[None], camera(model)).all()


@pytest.mark.parametrize("model", sorted(LENSES))
def test_the_jacobian_is_that_of_autograd(model):
    rays = [
        lens_ray(model, K.numpy(), LENSES[model], pixel) for pixel in ([3.0, 9.0], [30.0, 26.0])
    ]
    points = torch.from_numpy(np.stack(rays) * 2)[None]
    _, jacobian = camera_map(points, camera(model))
    exact = torch.autograd.functional.jacobian(lambda p: camera_map(p, camera(model))[0], points)
    for n in range(2):
        torch.testing.assert_close(jacobian[0, n], exact[0, n, :, 0, n], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("model", sorted(LENSES))
def test_gradients_to_all_inputs_are_those_of_finite_differences(model):
    scene = random_scene(3, model=model, sh_degree=1)
    found = gradients(ReferenceRenderer(), scene, cameras=True)
    assert found["distortion"].any()
    generator = torch.Generator().manual_seed(1)
    directions = {
        name: torch.randn(gradient.shape, generator=generator, dtype=torch.float64)
        for name, gradient in found.items()
    }
    measured = directional_derivatives(ReferenceRenderer(), scene, directions)
    for name, slope in measured.items():
        expected = (found[name] * directions[name]).sum().item()
        size = (found[name].norm() * directions[name].norm()).item()
        assert abs(slope - expected) <= 1e-4 * size + 1e-6, name


def test_a_lens_without_distortion_is_a_pinhole():
    scene = random_scene(4)
    bent = scene.cameras.replace(model="opencv", distortion=torch.zeros(1, 8).double())
    plain, found = (project(scene.gaussians, cameras) for cameras in (scene.cameras, bent))
    torch.testing.assert_close(found.means2d, plain.means2d)
    torch.testing.assert_close(found.conics, plain.conics)
    low, high = frustum(bent)
    size = torch.tensor([21.0, 18.0], dtype=torch.float64)
    focal, center = bent.Ks[0, (0, 1), (0, 1)], bent.Ks[0, :2, 2]
    margin = FRUSTUM_MARGIN * 0.5 * size / focal
    torch.testing.assert_close(low[0], -center / focal - margin)
    torch.testing.assert_close(high[0], (size - center) / focal + margin)


def test_points_beyond_the_turn_of_the_polynomial_are_not_rendered():
    cameras = camera("opencv", [-0.4, 0, 0, 0, 0, 0, 0, 0])  # turns back at the slope 0.91
    points = torch.tensor([[0.8, 0, 1.0], [1.0, 0, 1], [1.5, 0, 1]], dtype=torch.float64)[None]
    assert camera_map(points, cameras)[0][0, 2, 0] < 60  # it would appear in the image
    assert is_within(points, cameras).tolist() == [[True, False, False]]
    fisheye = camera("fisheye", [-0.2, 0, 0, 0])  # turns back at 1.29 radians
    angles = torch.tensor([1.2, 1.4], dtype=torch.float64)
    points = torch.stack([angles.sin(), 0 * angles, angles.cos()], -1)[None]
    assert is_within(points, fisheye).tolist() == [[True, False]]


def test_a_fisheye_shows_160_degrees():
    cameras = camera("fisheye", [0.0, 0, 0, 0]).replace(width=120, height=120)
    angle = torch.tensor(80 * pi / 180, dtype=torch.float64)
    point = torch.stack([angle.sin(), 0 * angle, angle.cos()])[None, None]
    pixel, jacobian = camera_map(point, cameras)
    assert pixel[0, 0].tolist() == pytest.approx([30 + 40 * angle.item(), 26])
    assert jacobian.isfinite().all()


@pytest.mark.parametrize(
    ("model", "coefficients"),
    [
        ("opencv", LENSES["opencv"]),
        ("opencv", [-0.1, 0, 0.02, 0.01, 0, 0, 0, 0]),  # turns back at a slope of 1.8
        ("fisheye", [-0.12, 0, 0, 0]),  # turns back at 1.67 radians, beyond the half-space
        ("fisheye", [-0.3, 0, 0, 0]),  # turns back at 1.05 radians
    ],
)
def test_cpu_agrees_with_the_reference_beyond_the_image(model, coefficients):
    scene = random_scene(7, count=60, model=model, views=2)
    g, cameras = scene.gaussians, scene.cameras
    lens = torch.tensor(coefficients, dtype=torch.float64).expand_as(cameras.distortion)
    wide = cameras.Ks * torch.tensor([[0.5], [0.5], [1]], dtype=torch.float64)
    wide[..., :2, 2] = cameras.Ks[..., :2, 2]
    spread = g.replace(means=3 * g.means, scales=2 * g.scales)
    scene = RenderInput(spread, cameras.replace(distortion=lens, Ks=wide), scene.background)
    points = (cameras.viewmats[:, None, :3, :3] @ spread.means[..., None]).squeeze(-1)
    points = points + cameras.viewmats[:, None, :3, 3]
    shown = is_within(points, scene.cameras)[points[..., 2] > 0.01]
    assert shown.all() == (coefficients[0] in (-0.12, LENSES["opencv"][0]))
    expected = ReferenceRenderer().render(scene.gaussians, scene.cameras, scene.background)
    single = scene.to(torch.float32)
    found = get_renderer("cpu").render(single.gaussians, single.cameras, single.background)
    assert (found.color.double() - expected.color).abs().max() < 2e-5
    slopes = gradients(ReferenceRenderer(), scene, cameras=True)
    for name, slope in gradients(get_renderer("cpu"), single, cameras=True).items():
        assert (slope.double() - slopes[name]).norm() <= 1e-3 * slopes[name].norm(), name


def test_renderers_without_lenses_refuse_them_by_name():
    scene = random_scene(5, model="fisheye").to(torch.float32)
    with pytest.raises(CapabilityError, match="renderer 'gsplat' cannot do device cpu, fisheye; u"):
        render(scene.gaussians, scene.cameras, "gsplat")
    gsplat = GsplatRenderer.__new__(GsplatRenderer)
    with pytest.raises(CapabilityError, match="GsplatRenderer cannot render cameras of the model"):
        gsplat.render(scene.gaussians, random_scene(5, model="opencv").to(torch.float32).cameras)
    found = render(scene.gaussians, scene.cameras)
    expected = get_renderer("cpu").render(scene.gaussians, scene.cameras)
    assert torch.equal(found.color, expected.color)


def test_cameras_keep_their_lens():
    cameras = random_scene(6, model="opencv", views=3).cameras
    assert cameras[1:].distortion.shape == (2, 8)
    assert cameras.to(torch.float32).distortion.dtype == torch.float32
    moved = cameras.transform(torch.eye(4, dtype=torch.float64))
    assert torch.equal(moved.distortion, cameras.distortion)
    assert set(cameras.tensors()) == {"viewmats", "Ks", "distortion"}
