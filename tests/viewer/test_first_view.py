import pytest
import torch

from gaussrep.cameras import Cameras
from gaussrep.errors import ValueRangeError
from gaussrep.fitting.synthetic import known_scene
from gaussrep.viewer.first_view import first_pose
from gaussrep.viewer.scene import Scene

UP = torch.tensor([0.0, 0, 1])


def cameras(*eyes):
    return Cameras.look_at(torch.tensor(eyes), torch.tensor([0.0, 0, 0.25]), UP, 8, 8)


def test_a_page_opens_where_the_first_camera_stood():
    eye = [3.0, 0.5, 1.0]
    pose = first_pose(Scene("balls", known_scene(), cameras(eye, [0.0, 4, 1])), 1.5)
    torch.testing.assert_close(pose.eye, torch.tensor(eye))
    straight = torch.tensor([0.0, 0, 0.25]) - pose.eye
    apart = torch.linalg.cross(straight, pose.target - pose.eye)
    assert apart.norm() < 1e-4
    assert pose.target.norm() < 0.5


def test_up_is_what_is_up_in_the_pictures():
    low = [[2.0, 0, 0.25], [-2.0, 0, 0.25]]
    torch.testing.assert_close(Scene("balls", known_scene(), cameras(*low)).up, UP)
    assert Scene("balls", known_scene()).up.tolist() == [0, -1, 0]


@pytest.mark.parametrize("aspect", [0.5, 2.0])
def test_without_cameras_all_is_in_the_picture(aspect):
    gaussians = known_scene()
    pose = first_pose(Scene("balls", gaussians), aspect)
    assert (pose.target - pose.eye)[:2].abs().max() < 1e-5
    away = gaussians.means - pose.eye
    slope = torch.tensor([aspect, 1.0]) * torch.tan(torch.deg2rad(torch.tensor(25.0)))
    inside = (away[:, :2].abs() / away[:, 2:] < slope).all(-1)
    assert inside.float().mean() > 0.95


def test_a_scene_without_gaussians_is_refused():
    with pytest.raises(ValueRangeError, match="nothing to look at"):
        first_pose(Scene("none", known_scene()[:0]), 1.0)
