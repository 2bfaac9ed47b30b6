"""Points and lines as small opaque Gaussians, so that the renderer draws them too."""

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.gaussians import Gaussians

COVER = 1.5
"""Standard deviation of a point, as a share of the distance to its neighbor (ours)."""

THICKNESS = 1 / 900
"""Standard deviation of a line, as a share of the box's diagonal."""

LINE = 0.35
"""Gray level of lines."""

PROBES = 256


def splats(points: Float[Tensor, "p 3"], colors: Float[Tensor, "p 3"], radius: float) -> Gaussians:
    """Draw points as balls.

    Args:
        points: Positions.
        colors: RGB in [0, 1].
        radius: Standard deviation.

    Returns:
        One opaque Gaussian per point.
    """
    return Gaussians(
        means=points,
        quats=points.new_tensor([1.0, 0, 0, 0]).expand(len(points), 4),
        scales=torch.full_like(points, radius),
        opacities=torch.ones_like(points[:, 0]),
        colors=colors.to(points),
    )


def point_radius(points: Float[Tensor, "p 3"]) -> float:
    """Choose a radius at which points of a surface cover it.

    Args:
        points: Positions, not all alike.

    Returns:
        `COVER` times the median distance between neighbors, held between 1/1500 and 1/40 of the
        points' extent.
    """
    probes = points[:: max(1, len(points) // PROBES)]
    distances = torch.cdist(probes, points)
    nearest = torch.where(distances > 0, distances, torch.inf).amin(1).median()
    extent = float((points.amax(0) - points.amin(0)).norm())
    return min(max(COVER * float(nearest), extent / 1500), extent / 40)


def wire_frame(low: Float[Tensor, " 3"], high: Float[Tensor, " 3"]) -> Gaussians:
    """Draw the twelve edges of a box.

    Args:
        low: Its lowest corner.
        high: Its highest corner.

    Returns:
        Edges as rows of small balls.
    """
    radius = THICKNESS * float((high - low).norm())
    edges = []
    for axis in range(3):
        steps = int((high - low)[axis] / radius) + 2
        first, second = (other for other in range(3) if other != axis)
        for a in (low, high):
            for b in (low, high):
                edge = low.repeat(steps, 1)
                edge[:, axis] = torch.linspace(float(low[axis]), float(high[axis]), steps)
                edge[:, first], edge[:, second] = a[first], b[second]
                edges.append(edge)
    points = torch.cat(edges)
    return splats(points, torch.full_like(points, LINE), radius)


def corners(low: Float[Tensor, " 3"], high: Float[Tensor, " 3"]) -> Float[Tensor, "8 3"]:
    """The corners of a box.

    Args:
        low: Its lowest corner.
        high: Its highest corner.
    """
    return torch.cartesian_prod(*torch.stack([low, high], dim=1))
