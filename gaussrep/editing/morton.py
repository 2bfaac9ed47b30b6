"""Order of Gaussians along a Morton curve, on which neighbors in memory are near in space."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from gaussrep.editing.scenes import check_one_scene
from gaussrep.gaussians import Gaussians

BITS = 21
"""Bits of each coordinate; three of them fill 63 bits."""
SPREAD = (
    (32, 0x1F00000000FFFF),
    (16, 0x1F0000FF0000FF),
    (8, 0x100F00F00F00F00F),
    (4, 0x10C30C30C30C30C3),
    (2, 0x1249249249249249),
)
"""Shifts and masks that put two zeros behind every bit of a number of 21 bits."""


def sort(gaussians: Gaussians) -> Gaussians:
    """Sort one scene along a Morton curve (Z-order).

    Images stay the same: renderers sort by depth. Files with bounds per chunk or with compression
    become smaller or more accurate, and reading near Gaussians together becomes faster.

    Args:
        gaussians: One scene, [N].

    Returns:
        New Gaussians in another order; equal positions keep theirs.

    Raises:
        ShapeError: If there are batch axes.

    Examples:
        >>> g = Gaussians(torch.tensor([[0.0, 0, 0], [9, 9, 9], [1, 0, 0]]), torch.ones(3, 4),
        ...               torch.ones(3, 3), torch.ones(3), colors=torch.ones(3, 3))
        >>> sort(g).means[:, 0].tolist()
        [0.0, 1.0, 9.0]
    """
    check_one_scene(gaussians)
    return gaussians[morton_codes(gaussians.means.detach()).argsort(stable=True)]


def morton_codes(points: Float[Tensor, "n 3"], offset: float = 0.0) -> Int[Tensor, " n"]:
    """Compute the place of each point on the curve; bits of z, y and x take turns.

    Args:
        points: Points; a cube around them is divided into 2²¹ cells along each axis.
        offset: Distance of the cube's corner from the points, relative to the points' extent.

    Returns:
        Codes of 63 bits.
    """
    if not len(points):
        return points.new_zeros(0, dtype=torch.int64)
    points = points.double()
    low, high = points.amin(0), points.amax(0)
    extent = (high - low).max().clamp_min(torch.finfo(torch.float64).tiny)
    fractions = ((points - low) / extent + offset) / (1 + offset)
    x, y, z = (fractions * (2**BITS - 1)).long().unbind(-1)
    return _spread(x) | _spread(y) << 1 | _spread(z) << 2


def _spread(numbers: Tensor) -> Tensor:
    for shift, mask in SPREAD:
        numbers = (numbers | numbers << shift) & mask
    return numbers
