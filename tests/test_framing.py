import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gaussrep.cameras import Cameras
from gaussrep.errors import ValueRangeError
from gaussrep.framing import bounds, fit_camera
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
