"""Selection of Gaussians by place, opacity and size."""

from collections.abc import Sequence
from math import inf

from gaussrep.errors import ValueRangeError
from gaussrep.gaussians import Gaussians
from gaussrep.rendering.conventions import MIN_ALPHA


def crop_box(
    gaussians: Gaussians, low: Sequence[float | int], high: Sequence[float | int]
) -> Gaussians:
    """Keep the Gaussians whose centers are in an axis-aligned box.

    Args:
        gaussians: Scenes, [*B, N].
        low: Minimum corner x, y, z in scene units, part of the box; -inf leaves a side open.
        high: Maximum corner, part of the box; inf leaves a side open.

    Returns:
        New Gaussians in the same order; with batch axes, every scene is padded to the largest.

    Raises:
        ValueRangeError: If a corner has not three coordinates, or `low` is above `high`.

    Examples:
        >>> import torch
        >>> g = Gaussians(torch.eye(3), torch.ones(3, 4), torch.ones(3, 3), torch.ones(3),
        ...               colors=torch.ones(3, 3))
        >>> crop_box(g, (0.5, -1, -1), (2, 1, 1)).count
        1
    """
    if not (len(low) == len(high) == 3 and all(a <= b for a, b in zip(low, high, strict=True))):
        raise ValueRangeError(
            f"the box is from {tuple(low)} to {tuple(high)}, expected three coordinates each, the "
            "first ones not above the second ones."
        )
    means = gaussians.means
    inside = (means >= means.new_tensor(low)) & (means <= means.new_tensor(high))
    return gaussians.prune(inside.all(-1))


def crop_sphere(
    gaussians: Gaussians, center: Sequence[float | int], radius: float | int
) -> Gaussians:
    """Keep the Gaussians whose centers are in a sphere.

    Args:
        gaussians: Scenes, [*B, N].
        center: Center x, y, z in scene units.
        radius: Radius in scene units, at least 0.

    Returns:
        New Gaussians in the same order; with batch axes, every scene is padded to the largest.

    Raises:
        ValueRangeError: If the center has not three coordinates, or the radius is negative.
    """
    if len(center) != 3 or not radius >= 0:
        raise ValueRangeError(
            f"the sphere has the center {tuple(center)} and the radius {radius}, expected three "
            "coordinates and a radius of at least 0."
        )
    distances = (gaussians.means - gaussians.means.new_tensor(center)).norm(dim=-1)
    return gaussians.prune(distances <= radius)


def prune(
    gaussians: Gaussians, min_opacity: float | int = MIN_ALPHA, max_scale: float | int = inf
) -> Gaussians:
    """Remove faint and large Gaussians.

    By default only Gaussians that no renderer draws are removed, so images stay the same.
    `Gaussians.prune` removes the Gaussians of any mask.

    Args:
        gaussians: Scenes, [*B, N].
        min_opacity: Smallest opacity to keep, in [0, 1].
        max_scale: Largest standard deviation to keep, along the longest axis, in scene units.

    Returns:
        New Gaussians in the same order; with batch axes, every scene is padded to the largest.

    Raises:
        ValueRangeError: If `min_opacity` is outside [0, 1], or `max_scale` is not positive.
    """
    if not 0 <= min_opacity <= 1:
        raise ValueRangeError(f"min_opacity is {min_opacity}, expected 0 to 1.")
    if not max_scale > 0:
        raise ValueRangeError(f"max_scale is {max_scale}, expected a positive number.")
    large = gaussians.scales.amax(-1) > max_scale
    return gaussians.prune((gaussians.opacities >= min_opacity) & ~large)
