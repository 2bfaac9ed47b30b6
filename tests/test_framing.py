import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gaussrep.cameras import Cameras
from gaussrep.errors import ValueRangeError
from gaussrep.framing import bounds, fit_camera, orbit
from gaussrep.gaussians import Gaussians

UP = torch.tensor([0.0, -1.0, 0.0])


def scene(means, scale=1e-6, opacities=None):
    means = torch.as_tensor(means, dtype=torch.float32)
    count = len(means)
    return Gaussians(
        means=means,
        quats=torch.ones(count, 4),
        scales=torch.full((count, 3), scale),
        opacities=torch.ones(count) if opacities is None else torch.tensor(opacities),
        colors=torch.zeros(count, 3),
    )


def test_one_gaussian_is_as_large_as_it_looks():
    corners = bounds(scene([[1, 2, 3]], scale=0.5))
    torch.testing.assert_close(corners, torch.tensor([[0.0, 1, 2], [2, 3, 4]]))


def test_the_outermost_do_not_count():
    line = torch.linspace(0, 1, 1001)
    means = torch.stack([line, line, line], -1)
    means[0] = -1e6
    means[-1] = 1e6
    torch.testing.assert_close(
        bounds(scene(means)), torch.tensor([[0.02] * 3, [0.98] * 3]), atol=1e-4, rtol=0
    )


def test_the_invisible_count_only_where_there_is_nothing_else():
    means = [[0, 0, 0], [10, 10, 10]]
    assert bounds(scene(means, opacities=[1.0, 0.0])).abs().max() < 1e-3
    assert bounds(scene(means, opacities=[0.01, 0.01])).max() > 9


def test_a_scene_without_gaussians_is_refused():
    with pytest.raises(ValueRangeError, match="holds no Gaussians"):
        bounds(scene(torch.zeros(0, 3)))


@settings(max_examples=60)
@given(
    size=st.tuples(*[st.floats(1e-3, 100)] * 3),
    middle=st.tuples(*[st.floats(-50, 50)] * 3),
    image=st.tuples(st.integers(1, 500), st.integers(1, 500)),
    fov=st.floats(5, 150),
)
def test_every_corner_falls_into_the_image(size, middle, image, fov):
    half = torch.tensor(size) / 2
    center = torch.tensor(middle)
    corners = torch.stack([center - half, center + half])
    width, height = image
    eye = fit_camera(corners, center, UP, width, height, fov)
    view = Cameras.look_at(eye[None], center, UP, width, height, fov)
    points = torch.cartesian_prod(*corners.T)
    x, y, z = (points @ view.viewmats[0, :3, :3].T + view.viewmats[0, :3, 3]).unbind(-1)
    assert z.min() > 0.01
    focal = width / 2 / math.tan(math.radians(fov) / 2)
    assert (focal * x / z).abs().max() <= width / 2
    assert (focal * y / z).abs().max() <= height / 2


@settings(max_examples=40)
@given(
    size=st.tuples(*[st.floats(1e-2, 100)] * 3),
    middle=st.tuples(*[st.floats(-50, 50)] * 3),
    up=st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda up: math.hypot(*up) > 0.1),
    image=st.tuples(st.integers(20, 500), st.integers(20, 500)),
    fov=st.floats(5, 150),
)
def test_an_orbit_shows_the_whole_box_from_every_side(size, middle, up, image, fov):
    corners = torch.tensor([middle, middle]) + torch.tensor([[-0.5], [0.5]]) * torch.tensor(size)
    cameras = orbit(corners, corners.mean(0), torch.tensor(up), *image, fov, 7)
    points = torch.cartesian_prod(*corners.unbind(1))
    seen = points @ cameras.viewmats[:, :3, :3].mT + cameras.viewmats[:, None, :3, 3]
    pixels = seen @ cameras.Ks.mT
    pixels = pixels[..., :2] / pixels[..., 2:]
    assert (seen[..., 2] > 0).all()
    assert (pixels > -1).all()
    assert (pixels < torch.tensor(image) + 1).all()


def test_an_orbit_has_equal_angles_around_up():
    corners = torch.tensor([[-1.0, -1, -1], [1, 1, 1]])
    eye = torch.tensor([0.0, -3, -4])
    centers = orbit(corners, torch.zeros(3), UP, 64, 48, 60.0, 4, eye).positions
    expected = [[0.0, -3, -4], [4, -3, 0], [0, -3, 4], [-4, -3, 0]]
    torch.testing.assert_close(centers, torch.tensor(expected), atol=1e-5, rtol=0)


def test_an_eye_on_the_axis_is_refused():
    corners = torch.tensor([[-1.0, -1, -1], [1, 1, 1]])
    with pytest.raises(ValueRangeError, match="on the axis of the orbit; move it"):
        orbit(corners, torch.zeros(3), UP, 64, 48, 60.0, 4, torch.tensor([0.0, 5, 0]))
