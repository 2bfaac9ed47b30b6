"""The fixed camera of GMAE."""

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep import Cameras, Gaussians

DISTANCE = 8.0
"""Distance from the camera to the center of the Gaussians' cube (Video-GMAE's code)."""


def canonical_camera(images: int, size: int, device: torch.device) -> Cameras:
    """Return orthographic cameras whose frame is exactly x, y in [-1, 1].

    Args:
        images: Batch size; each image gets one view.
        size: Side of the square image in pixels.
        device: Device of the matrices.

    Returns:
        Cameras with batch axis [images] and one view.
    """
    viewmat = torch.eye(4, device=device)
    viewmat[2, 3] = DISTANCE
    half = size / 2
    K = torch.tensor([[half, 0, half], [0, half, half], [0, 0, 1]], device=device)
    return Cameras(
        viewmat.expand(images, 1, 4, 4), K.expand(images, 1, 3, 3), size, size, model="ortho"
    )


def with_oblique_views(cameras: Cameras, parallax: Float[Tensor, "b others 2"]) -> Cameras:
    """Add views of the Gaussians' cube from other directions, by oblique orthographic projection.

    The center of the cube stays at the center of the image. Depths do not change, so the order of
    the Gaussians is the same in all views.

    Args:
        cameras: The canonical cameras, [B, 1].
        parallax: Displacement (x, y) of the cube's near face relative to its far face in each other
            view, in image sides.

    Returns:
        The canonical camera and the others, [B, 1 + others].
    """
    others = parallax.shape[1]
    oblique = cameras.viewmats.repeat(1, others, 1, 1)
    oblique[..., :2, 2] = -parallax
    return cameras.replace(
        viewmats=torch.cat([cameras.viewmats, oblique], dim=1),
        Ks=cameras.Ks.expand(-1, 1 + others, -1, -1),
    )


def with_perspective_size(gaussians: Gaussians) -> Gaussians:
    """Scale every Gaussian by 8/z, its size under a pinhole camera at its depth.

    Args:
        gaussians: Gaussians with centers in [-1, 1]³.

    Returns:
        The Gaussians with scaled `scales`; nearer ones are larger.
    """
    factor = DISTANCE / (DISTANCE + gaussians.means[..., 2:])
    return gaussians.replace(scales=gaussians.scales * factor)
