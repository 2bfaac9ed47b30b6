from math import cos, radians, sin, tan

import numpy as np
import pytest
import torch

from gaussrep.viewer.view import View


def view(**changes):
    given = {"wxyz": (1.0, 0.0, 0.0, 0.0), "position": (0.0, 0.0, 0.0)}
    return View(**{**given, "fov": radians(60), "width": 800, "height": 400, **changes})


def project(cameras, point):
    """A point of the world as pixels, by hand."""
    x, y, z = (cameras.viewmats[0] @ torch.tensor([*point, 1.0]))[:3]
    K = cameras.Ks[0]
    return [(K[0, 0] * x / z + K[0, 2]).item(), (K[1, 1] * y / z + K[1, 2]).item()]


def test_the_field_of_view_is_vertical():
    cameras = view().cameras()
    above = (0, -tan(radians(30)), 1)
    assert project(cameras, above) == pytest.approx([400, 0], abs=1e-3)
    assert cameras.Ks[0, 0, 0] == cameras.Ks[0, 1, 1] == pytest.approx(200 / tan(radians(30)))


def test_the_quaternion_turns_from_the_camera_to_the_world():
    """A quarter turn about y carries the camera's z axis to x, and its x axis to -z."""
    turn = (cos(radians(45)), 0.0, sin(radians(45)), 0.0)
    cameras = view(wxyz=turn, position=(5.0, 6.0, 7.0)).cameras()
    assert project(cameras, (8, 6, 7)) == pytest.approx([400, 200], abs=1e-3)
    assert project(cameras, (8, 6, 6))[0] > 400
    assert cameras.positions[0].tolist() == pytest.approx([5, 6, 7], abs=1e-5)


def test_a_coarser_picture_shows_the_same():
    fine, coarse = view().cameras(), view(width=801, height=399).cameras(4)
    assert (coarse.width, coarse.height) == (200, 100)
    point = (0.3, -0.2, 1)
    ratio = np.array(project(coarse, point)) / [200, 100]
    assert ratio == pytest.approx(np.array(project(fine, point)) / [800, 400], abs=2e-3)


def test_a_canvas_smaller_than_a_coarse_pixel_has_one():
    cameras = view(width=1, height=1).cameras(4)
    assert (cameras.width, cameras.height) == (1, 1)
