"""Conversion of cameras to and from PyTorch3D.

PyTorch3D's camera space has x to the left and y up (z is forward in both), points are row vectors,
and normalized device coordinates (NDC) are measured from the middle of the image in halves of the
shorter side, x to the left and y up.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep import Cameras
from gaussrep.errors import CapabilityError, ShapeError
from gaussrep_pytorch3d.library import pytorch3d

FLIP = (-1.0, -1.0, 1.0)
"""Factor of each axis between the two camera spaces."""


def to_pytorch3d_cameras(cameras: Cameras, in_ndc: bool = False) -> Any:
    """Convert cameras to PyTorch3D.

    Args:
        cameras: Views, [*B, V].
        in_ndc: Whether focal lengths and principal points are in NDC instead of pixels.

    Returns:
        One `pytorch3d.renderer.PerspectiveCameras` of all views, B·V of them, or
        `OrthographicCameras` for the model `ortho`; their `image_size` is set.

    Raises:
        CapabilityError: If the cameras have a lens.
        UnavailableError: If PyTorch3D cannot be imported.
    """
    if cameras.distortion is not None:
        raise CapabilityError(
            f"cameras of the model {cameras.model!r} have no counterpart among those converted to "
            "PyTorch3D; undistort the images and use pinhole cameras."
        )
    viewmats, Ks = cameras.viewmats.flatten(0, -3), cameras.Ks.flatten(0, -3)
    flip = viewmats.new_tensor(FLIP)
    focal = torch.stack([Ks[:, 0, 0], Ks[:, 1, 1]], -1)
    principal = Ks[:, :2, 2]
    if in_ndc:
        middle, half = _frame(cameras.width, cameras.height, Ks)
        focal, principal = focal / half, (middle - principal) / half
    kind = "PerspectiveCameras" if cameras.model == "pinhole" else "OrthographicCameras"
    return getattr(pytorch3d("renderer.cameras"), kind)(
        R=viewmats[:, :3, :3].mT * flip,
        T=viewmats[:, :3, 3] * flip,
        focal_length=focal,
        principal_point=principal,
        image_size=[(cameras.height, cameras.width)] * len(Ks),
        in_ndc=in_ndc,
        device=viewmats.device,
    )


def from_pytorch3d_cameras(cameras: Any, width: int, height: int) -> Cameras:
    """Convert PyTorch3D's cameras.

    Args:
        cameras: V of `PerspectiveCameras`, `OrthographicCameras`, `FoVPerspectiveCameras` or
            `FoVOrthographicCameras`; near and far planes are ignored.
        width: Image width in pixels.
        height: Image height in pixels.

    Returns:
        Views [V].

    Raises:
        CapabilityError: If the cameras are of another kind.
        ShapeError: If they are for images of another size.
    """
    _check_size(cameras, width, height)
    projection = cameras.get_projection_transform().compose(cameras.get_ndc_camera_transform())
    matrix = projection.get_matrix().mT  # for column vectors
    ortho = bool((matrix[:, 3, 3] == 1).all())
    middle, half = _frame(width, height, matrix)
    Ks = torch.eye(3).to(matrix).repeat(len(matrix), 1, 1)
    Ks[:, :2, :2] = half * torch.diag_embed(matrix[:, :2, :2].diagonal(dim1=1, dim2=2))
    Ks[:, :2, 2] = middle - half * matrix[:, :2, 3 if ortho else 2]
    flip = matrix.new_tensor(FLIP)
    rotation, offset = (cameras.R * flip).mT, cameras.T * flip
    viewmats = torch.eye(4).to(matrix).repeat(len(matrix), 1, 1)
    viewmats[:, :3, :3], viewmats[:, :3, 3] = rotation, offset
    return Cameras(viewmats, Ks, width, height, "ortho" if ortho else "pinhole")


def _frame(width: int, height: int, like: Tensor) -> tuple[Float[Tensor, " 2"], float]:
    """Compute the middle of an image and half its shorter side, in pixels."""
    return like.new_tensor([width / 2, height / 2]), min(width, height) / 2


def _check_size(cameras: Any, width: int, height: int) -> None:
    expected = ("Perspective", "Orthographic", "FoVPerspective", "FoVOrthographic")
    if type(cameras).__name__ not in [f"{kind}Cameras" for kind in expected]:
        raise CapabilityError(
            f"cameras are {type(cameras).__name__}, expected one of PyTorch3D's "
            f"{', '.join(f'{kind}Cameras' for kind in expected)}."
        )
    size = cameras.get_image_size()
    if size is not None and (size != size.new_tensor([height, width])).any():
        rows, columns = size[0].int().tolist()
        raise ShapeError(
            f"the cameras are for images of {columns}x{rows}, got a size of {width}x{height}."
        )
