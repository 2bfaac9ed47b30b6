"""Sorting of Gaussians along a Morton curve, so that neighbors in memory are near in space."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from gaussrep.editing.scenes import check_one_scene
from gaussrep.gaussians import Gaussians
from gaussrep.morton import BITS, interleave_bits


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
    """Compute the place of each point on the curve; bits of z, y and x are interleaved.

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
    return interleave_bits((fractions * (2**BITS - 1)).long())
