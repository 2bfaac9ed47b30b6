import pytest
import torch

from gaussrep.cameras import Cameras
from gaussrep.errors import ShapeError, ValueRangeError

UP = torch.tensor([0.0, 0, 1])


def test_look_at_puts_the_target_in_the_center_and_up_above_it():
    cameras = Cameras.look_at(torch.tensor([[3.0, 0, 0]]), torch.zeros(3), UP, 40, 20, fov=90.0)
    points = torch.tensor([[0.0, 0, 0], [0, 0, 1], [0, 1, 0]])
    seen = points @ cameras.viewmats[0, :3, :3].mT + cameras.viewmats[0, :3, 3]
    pixels = seen @ cameras.Ks[0].mT
    pixels = pixels[:, :2] / pixels[:, 2:]
    torch.testing.assert_close(seen[0], torch.tensor([0.0, 0, 3]))
    torch.testing.assert_close(pixels[0], torch.tensor([20.0, 10]))
    assert pixels[1, 1] < 10
    assert pixels[2, 0] == pytest.approx(20 + 20 / 3)
    torch.testing.assert_close(cameras.positions, torch.tensor([[3.0, 0, 0]]))
    assert torch.linalg.det(cameras.viewmats[0, :3, :3]) == pytest.approx(1)


def test_look_at_refuses_to_look_along_up():
    with pytest.raises(ValueRangeError, match="looks along up"):
        Cameras.look_at(torch.tensor([[0.0, 0, 3]]), torch.zeros(3), UP, 4, 4)


def test_index_keeps_a_view_axis():
    cameras = Cameras(torch.eye(4).expand(2, 5, 4, 4), torch.eye(3).expand(2, 5, 3, 3), 4, 3)
    assert cameras[0].views == 5
    assert cameras[:, 1:3].views == 2
    with pytest.raises(ShapeError, match="leaves no view axis"):
        cameras[0, 0]


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Ks": torch.eye(3)[None, None]}, "Ks has shape"),
        ({"viewmats": torch.eye(4)}, "viewmats has shape"),
        ({"Ks": torch.eye(3, dtype=torch.float64)[None]}, "Ks is torch.float64"),
        ({"width": 0}, "image size is 0x3"),
        ({"model": "panorama"}, "camera model is 'panorama', expected one of 'pinhole', 'ortho'"),
        ({"model": "fisheye"}, "'fisheye' have 4 distortion coefficients, got none"),
        ({"distortion": torch.zeros(1, 4)}, "'pinhole' have no distortion coefficients, got some"),
        ({"model": "opencv", "distortion": torch.zeros(1, 4)}, "distortion has shape"),
    ],
)
def test_impossible_cameras_are_refused(change, message):
    cameras = Cameras(torch.eye(4)[None], torch.eye(3)[None], 4, 3)
    with pytest.raises((ShapeError, ValueRangeError), match=message):
        cameras.replace(**change)
