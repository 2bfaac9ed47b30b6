"""Placement of cameras that show a whole scene."""

from math import cos, pi, radians, sin, tan

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
ELEVATION = 20.0
"""Elevation of an orbit in degrees; a design choice."""
MIN_DEPTH = 0.02
"""Smallest depth of the box in scene units, twice the near plane."""


def bounds(gaussians: Gaussians) -> Float[Tensor, "2 3"]:
    """Compute a box around most of the visible Gaussians.

    Gaussians of opacity above 0.05 count, with an extent of two of their largest standard
    deviations; the outermost 2 % at each end of each axis are ignored. If all are fainter, all
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
    return target + back * _distance(corners - target, back[None], up, width, height, fov)


def orbit(
    corners: Float[Tensor, "2 3"],
    target: Float[Tensor, " 3"],
    up: Float[Tensor, " 3"],
    width: int,
    height: int,
    fov: float,
    count: int,
    eye: Float[Tensor, " 3"] | None = None,
) -> Cameras:
    """Place cameras on a circle around a point, with equal angles between them.

    The circle starts on the side of -z, 20° above the point, at the smallest distance from which
    every camera shows the whole box; or at a given center.

    Args:
        corners: Minimum and maximum corner of the box in scene units.
        target: Point at the image center.
        up: Axis of the circle, and the direction that points up in the images.
        width: Image width in pixels.
        height: Image height in pixels.
        fov: Horizontal field of view in degrees.
        count: Number of cameras, C.
        eye: Center of the first camera.

    Returns:
        Cameras, [C]; the last one is one angle before the first.

    Raises:
        ValueRangeError: If `eye` is on the axis of the circle.
    """
    axis = up / up.norm()
    start = _orbit_start(axis) if eye is None else eye - target
    along = (start @ axis) * axis
    radius = start - along
    if radius.norm() < 1e-6 * start.norm().clamp_min(1e-12):
        raise ValueRangeError("the eye is on the axis of the orbit; move it, or change up.")
    angles = torch.arange(count)[:, None] * (2 * pi / count)
    circle = angles.cos() * radius + angles.sin() * torch.linalg.cross(axis, radius)
    offsets = along + circle
    if eye is None:
        offsets = offsets * _distance(corners - target, offsets, up, width, height, fov)
    return Cameras.look_at(target + offsets, target, up, width, height, fov)


def _orbit_start(axis: Tensor) -> Tensor:
    """Return the direction from the target to the first camera, [3], of length 1."""
    front = next(
        flat / flat.norm()
        for side in (-torch.eye(3)[2], torch.eye(3)[0])
        if (flat := side - (side @ axis) * axis).norm() > 0.1
    )
    elevation = radians(ELEVATION)
    return cos(elevation) * front + sin(elevation) * axis


def _distance(
    corners: Tensor, directions: Tensor, up: Tensor, width: int, height: int, fov: float
) -> Tensor:
    """Return the smallest distance from which all cameras around the origin show a whole box."""
    axes = Cameras.look_at(directions, torch.zeros(3), up, width, height).viewmats[:, :3, :3]
    points = torch.cartesian_prod(*corners.unbind(1))
    x, y, z = (points @ axes.mT).unbind(-1)
    across = tan(radians(fov) / 2) / MARGIN
    down = across * height / width
    return torch.stack([x.abs() / across - z, y.abs() / down - z, MIN_DEPTH - z]).max()
