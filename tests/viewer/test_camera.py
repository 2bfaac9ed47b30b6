from math import cos, radians, sin, tan

import numpy as np
import pytest
import torch

from gaussrep.cameras import Cameras
from gaussrep.errors import ValueRangeError
from gaussrep.fitting.synthetic import known_scene
from gaussrep.viewer.camera import BrowserCamera, initial_pose
from gaussrep.viewer.scene import ViewerScene


def view(**changes):
    given = {"wxyz": (1.0, 0.0, 0.0, 0.0), "position": (0.0, 0.0, 0.0)}
    return BrowserCamera(**{**given, "fov": radians(60), "width": 800, "height": 400, **changes})


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


def test_a_coarser_image_shows_the_same():
    fine, coarse = view().cameras(), view(width=801, height=399).cameras(4)
    assert (coarse.width, coarse.height) == (200, 100)
    point = (0.3, -0.2, 1)
    ratio = np.array(project(coarse, point)) / [200, 100]
    assert ratio == pytest.approx(np.array(project(fine, point)) / [800, 400], abs=2e-3)


def test_a_canvas_smaller_than_a_coarse_pixel_has_one():
    cameras = view(width=1, height=1).cameras(4)
    assert (cameras.width, cameras.height) == (1, 1)


UP = torch.tensor([0.0, 0, 1])


def cameras(*eyes):
    return Cameras.look_at(torch.tensor(eyes), torch.tensor([0.0, 0, 0.25]), UP, 8, 8)


def test_a_page_opens_where_the_first_camera_stood():
    eye = [3.0, 0.5, 1.0]
    pose = initial_pose(ViewerScene("balls", known_scene(), cameras(eye, [0.0, 4, 1])), 1.5)
    torch.testing.assert_close(pose.eye, torch.tensor(eye))
    straight = torch.tensor([0.0, 0, 0.25]) - pose.eye
    apart = torch.linalg.cross(straight, pose.target - pose.eye)
    assert apart.norm() < 1e-4
    assert pose.target.norm() < 0.5


def test_up_is_what_is_up_in_the_images():
    low = [[2.0, 0, 0.25], [-2.0, 0, 0.25]]
    torch.testing.assert_close(ViewerScene("balls", known_scene(), cameras(*low)).up, UP)
    assert ViewerScene("balls", known_scene()).up.tolist() == [0, -1, 0]


@pytest.mark.parametrize("aspect", [0.5, 2.0])
def test_without_cameras_all_is_in_the_image(aspect):
    gaussians = known_scene()
    pose = initial_pose(ViewerScene("balls", gaussians), aspect)
    assert (pose.target - pose.eye)[:2].abs().max() < 1e-5
    away = gaussians.means - pose.eye
    slope = torch.tensor([aspect, 1.0]) * torch.tan(torch.deg2rad(torch.tensor(25.0)))
    inside = (away[:, :2].abs() / away[:, 2:] < slope).all(-1)
    assert inside.float().mean() > 0.95


def test_a_scene_without_gaussians_is_refused():
    with pytest.raises(ValueRangeError, match="nothing to look at"):
        initial_pose(ViewerScene("none", known_scene()[:0]), 1.0)


def test_what_a_browser_asks_for_is_bounded():
    cameras = view(width=10**9, height=10**8).cameras()
    assert (cameras.width, cameras.height) == (4096, 410)
    assert project(cameras, (0, -tan(radians(30)), 1))[1] == pytest.approx(0, abs=0.5)


@pytest.mark.parametrize(
    "changes",
    [
        {"fov": 0.0}, {"fov": float("nan")}, {"fov": 4.0}, {"width": 0}, {"height": -3},
        {"wxyz": (0.0, 0.0, 0.0, 0.0)}, {"position": (0.0, float("inf"), 0.0)},
    ],
)  # fmt: skip
def test_a_camera_that_is_none_is_one_sentence(changes):
    with pytest.raises(ValueRangeError, match="the browser sent an invalid camera"):
        view(**changes).cameras()
