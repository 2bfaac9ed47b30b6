"""Placement of a camera that shows a whole scene."""

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
"""Opacity above which a Gaussian counts; a design choice."""
QUANTILE = 0.02
"""Fraction of the Gaussians ignored at each end of each axis; a design choice."""
EXTENT = 2.0
"""Extent of a Gaussian in standard deviations; a design choice."""
MARGIN = 1.05
"""Size of the image relative to that of the box; a design choice."""
MIN_DEPTH = 0.02
"""Smallest depth of the box in scene units, twice the near plane."""


def bounds(gaussians: Gaussians) -> Float[Tensor, "2 3"]:
    """Compute a box around most of the visible Gaussians.

    Gaussians of opacity above 0.05 count, with an extent of two of their largest standard
    deviations; the outermost 2 % at each end of each axis are ignored. Where all are fainter, all
    count.

    Args:
        gaussians: One scene.

    Returns:
        Minimum and maximum corner in scene units.

    Raises:
        ValueRangeError: If the scene has no Gaussian.
    """
    if gaussians.count == 0:
        raise ValueRangeError("the scene holds no Gaussians; there is nothing to look at.")
    visible = gaussians.opacities > VISIBLE_OPACITY
    seen = gaussians[visible] if visible.any() else gaussians
    reach = EXTENT * seen.scales.amax(-1, keepdim=True)
    low = np.quantile((seen.means - reach).numpy(), QUANTILE, axis=0)
    high = np.quantile((seen.means + reach).numpy(), 1 - QUANTILE, axis=0)
    return torch.from_numpy(np.stack([low, high])).float()


def fit_camera(
    corners: Float[Tensor, "2 3"],
    target: Float[Tensor, " 3"],
    up: Float[Tensor, " 3"],
    width: int,
    height: int,
    fov: float,
) -> Float[Tensor, " 3"]:
    """Compute the center of a camera that looks along +z and shows a whole box.

    Args:
        corners: Minimum and maximum corner of the box in scene units.
        target: Point at the image center.
        up: Direction that points up in the image.
        width: Image width in pixels.
        height: Image height in pixels.
        fov: Horizontal field of view in degrees.

    Returns:
        Camera center in scene units; the whole box is beyond the near plane.
    """
    back = torch.tensor([0.0, 0.0, -1.0])
    view = Cameras.look_at(back[None], torch.zeros(3), up, width, height).viewmats[0, :3, :3]
    points = torch.tensor(list(itertools.product(*corners.T.tolist())))
    x, y, z = ((points - target) @ view.T).unbind(-1)
    across = tan(radians(fov) / 2) / MARGIN
    down = across * height / width
    needed = torch.stack([x.abs() / across - z, y.abs() / down - z, MIN_DEPTH - z])
    return target + back * needed.max()
