import pytest
import torch

from gaussrep.cameras import Cameras
from gaussrep.fitting.extent import extent_of, looked_at

UP = torch.tensor([0.0, 0, 1])


def inward(center, distance, fov=90.0):
    angle = torch.arange(8) * torch.pi / 4
    eyes = torch.stack([angle.cos(), angle.sin(), torch.zeros(8)], -1) * distance + center
    return Cameras.look_at(eyes, center, UP, 40, 30, fov)


def test_extent_is_that_of_the_farthest_camera():
    cameras = inward(torch.tensor([3.0, -1, 2]), 4.0)
    assert extent_of(cameras) == pytest.approx(4.4)


def test_extent_of_a_single_camera_is_1():
    assert extent_of(inward(torch.zeros(3), 4.0)[:1]) == 1.0


def test_cube_lies_where_inward_cameras_look():
    center = torch.tensor([3.0, -1, 2])
    cube = looked_at(inward(center, 4.0))
    torch.testing.assert_close(cube.center, center, atol=1e-3, rtol=0)
    assert cube.size.tolist() == pytest.approx([1.1 * 8.0] * 3, rel=1e-3)  # 90 degrees: twice 4


def test_cube_of_outward_cameras_holds_them():
    ring = inward(torch.zeros(3), 1.0)
    outward = Cameras.look_at(ring.positions[:1] * 0, torch.tensor([1.0, 0, 0]), UP, 40, 30)
    eyes = ring.positions
    views = [Cameras.look_at(eye[None], 3 * eye, UP, 40, 30).viewmats for eye in eyes]
    cube = looked_at(Cameras(torch.cat(views), outward.Ks.expand(8, 3, 3), 40, 30))
    assert (eyes.abs() < cube.size / 2).all()


def test_parallel_cameras_do_not_send_the_cube_to_infinity():
    eyes = torch.stack([torch.linspace(-1, 1, 5), torch.zeros(5), torch.zeros(5)], -1)
    views = [
        Cameras.look_at(eye[None], eye + torch.tensor([0.0, 1, 0]), UP, 40, 30).viewmats
        for eye in eyes
    ]
    Ks = Cameras.look_at(eyes[:1], torch.ones(3), UP, 40, 30).Ks
    cube = looked_at(Cameras(torch.cat(views), Ks.expand(5, 3, 3), 40, 30))
    assert cube.center.norm() < 10
    assert (cube.size < 50).all()
