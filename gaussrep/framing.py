"""A camera that sees a whole scene."""

import itertools
from math import radians, tan

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.errors import ValueRangeError
from gaussrep.gaussians import Gaussians

VISIBLE_OPACITY = 0.05
QUANTILE = 0.02
REACH = 2.0
MARGIN = 1.05
NEAREST = 0.02


def bounds(gaussians: Gaussians) -> Float[Tensor, "2 3"]:
    """Opposite corners of a box around most of what is visible.

    Each Gaussian of opacity above 0.05 reaches two of its largest standard deviations far; along
    each axis the outermost 2 % on either side are left out. Where all are fainter, all count.

    Args:
        gaussians: One scene.

    Returns:
        Lowest and highest corner in scene units.

    Raises:
        ValueRangeError: If the scene holds no Gaussian.
    """
    if gaussians.count == 0:
        raise ValueRangeError("the scene holds no Gaussians; there is nothing to look at.")
    visible = gaussians.opacities > VISIBLE_OPACITY
    seen = gaussians[visible] if visible.any() else gaussians
    reach = REACH * seen.scales.amax(-1, keepdim=True)
    low = np.quantile((seen.means - reach).numpy(), QUANTILE, axis=0)
    high = np.quantile((seen.means + reach).numpy(), 1 - QUANTILE, axis=0)
    return torch.from_numpy(np.stack([low, high])).float()


def framing_eye(
    corners: Float[Tensor, "2 3"],
    target: Float[Tensor, " 3"],
    up: Float[Tensor, " 3"],
    width: int,
    height: int,
    fov: float,
) -> Float[Tensor, " 3"]:
    """Where to stand, looking along +z at a target, so that a box fits the picture.

    Args:
        corners: Lowest and highest corner of the box.
        target: Point that falls onto the image center.
        up: Direction that points up in the image.
        width: Image width in pixels.
        height: Image height in pixels.
        fov: Horizontal field of view in degrees.

    Returns:
        The camera center, with the whole box beyond the near plane.
    """
    back = torch.tensor([0.0, 0.0, -1.0])
    view = Cameras.look_at(back[None], torch.zeros(3), up, width, height).viewmats[0, :3, :3]
    points = torch.tensor(list(itertools.product(*corners.T.tolist())))
    x, y, z = ((points - target) @ view.T).unbind(-1)
    across = tan(radians(fov) / 2) / MARGIN
    down = across * height / width
    needed = torch.stack([x.abs() / across - z, y.abs() / down - z, NEAREST - z])
    return target + back * needed.max()
