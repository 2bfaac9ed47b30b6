import pytest
import torch
from nerfstudio.cameras.cameras import Cameras as NerfstudioCameras
from nerfstudio.cameras.cameras import CameraType

from gaussrep.errors import CapabilityError
from gaussrep_nerfstudio.cameras import cameras_of, opengl_poses


def posed(**changes):
    turn, _ = torch.linalg.qr(torch.randn(2, 3, 3, generator=torch.Generator().manual_seed(0)))
    turn = turn * turn.det()[:, None, None]
    places = torch.tensor([[1.0, 2, 3], [-1, 0, 2]])
    given = {
        "camera_to_worlds": torch.cat([turn, places[..., None]], dim=-1),
        "fx": torch.tensor([50.0, 60]), "fy": torch.tensor([55.0, 65]), "cx": 31.0, "cy": 25.0,
        "width": 64, "height": 48, "camera_type": CameraType.PERSPECTIVE,
    }  # fmt: skip
    return NerfstudioCameras(**{**given, **changes})


def test_points_on_nerfstudios_rays_fall_on_their_pixels():
    given = posed()
    cameras = cameras_of(given)
    assert (cameras.width, cameras.height) == (64, 48)
    for number in range(2):
        rays = given.generate_rays(camera_indices=number, keep_shape=True)
        points = rays.origins + 2.5 * rays.directions
        seen = points @ cameras.viewmats[number, :3, :3].mT + cameras.viewmats[number, :3, 3]
        pixels = seen @ cameras.Ks[number].mT
        pixels = pixels[..., :2] / pixels[..., 2:]
        rows, columns = torch.meshgrid(torch.arange(48), torch.arange(64), indexing="ij")
        assert torch.allclose(pixels, torch.stack([columns, rows], -1) + 0.5, atol=1e-3)


def test_poses_come_back():
    given = posed()
    poses = opengl_poses(cameras_of(given).viewmats)
    assert torch.allclose(poses, given.camera_to_worlds, atol=1e-6)


def test_a_camera_without_distortion_left_is_a_pinhole():
    bent = torch.zeros(2, 6)
    with pytest.raises(CapabilityError, match="type fisheye"):
        cameras_of(posed(camera_type=CameraType.FISHEYE, distortion_params=bent))
    bent[:, 0] = 0.1
    assert cameras_of(posed(camera_type=CameraType.FISHEYE, distortion_params=bent)).views == 2
    with pytest.raises(CapabilityError, match="type equirectangular"):
        cameras_of(posed(camera_type=CameraType.EQUIRECTANGULAR))
