"""The one fixed camera of GMAE."""

import torch

from gaussrep.cameras import Cameras
from gaussrep.gaussians import Gaussians

DISTANCE = 8.0
"""From the camera to the middle of the Gaussians' cube (successor's code)."""


def canonical_camera(images: int, size: int, device: torch.device) -> Cameras:
    """Orthographic cameras whose frame is exactly x, y in [-1, 1].

    Args:
        images: Batch size; each image gets one view.
        size: Side of the square picture in pixels.
        device: Where the matrices live.

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


def with_perspective_size(gaussians: Gaussians) -> Gaussians:
    """Scale every Gaussian by 8/z, as a pinhole camera would size it at its depth.

    Args:
        gaussians: Gaussians with centers in [-1, 1]³.

    Returns:
        The same Gaussians, nearer ones larger.
    """
    factor = DISTANCE / (DISTANCE + gaussians.means[..., 2:])
    return gaussians.replace(scales=gaussians.scales * factor)
