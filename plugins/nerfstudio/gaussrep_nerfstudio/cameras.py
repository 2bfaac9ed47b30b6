"""Conversion of nerfstudio's cameras to those of gaussrep."""

import torch
from jaxtyping import Float
from nerfstudio.cameras.cameras import Cameras as NerfstudioCameras
from nerfstudio.cameras.cameras import CameraType
from torch import Tensor

from gaussrep import Cameras
from gaussrep.errors import CapabilityError

OPENGL = (1.0, -1.0, -1.0)
"""Signs that turn OpenCV's camera axes (y down, z forward) into OpenGL's, and back."""


def cameras_of(cameras: NerfstudioCameras) -> Cameras:
    """Convert cameras.

    nerfstudio's data manager undistorts the images and corrects the intrinsics, so a camera with
    distortion is treated as the remaining pinhole.

    Args:
        cameras: One batch axis, [V]. Cameras of several sizes get the largest width and height.

    Returns:
        The views [V].

    Raises:
        CapabilityError: A camera is not a pinhole.
    """
    _require_pinholes(cameras)
    return Cameras(
        viewmats=_viewmats(cameras.camera_to_worlds),
        Ks=cameras.get_intrinsics_matrices().to(cameras.device),
        width=int(cameras.width.max()),
        height=int(cameras.height.max()),
    )


def opengl_poses(viewmats: Float[Tensor, "v 4 4"]) -> Float[Tensor, "v 3 4"]:
    """Convert world-to-camera matrices to nerfstudio's poses: camera-to-world, OpenGL's axes.

    Args:
        viewmats: Rigid motions, OpenCV's axes.

    Returns:
        Camera-to-world matrices, [V, 3, 4].
    """
    rotation = viewmats[:, :3, :3].mT
    places = -rotation @ viewmats[:, :3, 3:]
    return torch.cat([rotation * viewmats.new_tensor(OPENGL), places], dim=-1)


def _viewmats(poses: Float[Tensor, "v 3 4"]) -> Float[Tensor, "v 4 4"]:
    back = (poses[:, :, :3] * poses.new_tensor(OPENGL)).mT
    top = torch.cat([back, -back @ poses[:, :, 3:]], dim=-1)
    return torch.cat([top, top.new_tensor([0.0, 0, 0, 1]).expand(len(top), 1, 4)], dim=1)


def _require_pinholes(cameras: NerfstudioCameras) -> None:
    straight = cameras.camera_type == CameraType.PERSPECTIVE.value
    if cameras.distortion_params is not None:
        straight |= (cameras.distortion_params != 0).any(-1, keepdim=True)
    if not straight.all():
        kind = CameraType(int(cameras.camera_type[~straight][0])).name.lower()
        raise CapabilityError(
            f"a camera of the type {kind} cannot be rendered; expected a perspective one, or "
            "images with distortion parameters, which nerfstudio undistorts."
        )
