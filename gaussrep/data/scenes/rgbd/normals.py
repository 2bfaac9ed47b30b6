"""Normals of voxels from their neighbors."""

from itertools import product

import numpy as np
from jaxtyping import Float64

from gaussrep.data.scenes.rgbd.moments import MOST_CELLS, Voxels

REACH = 2
"""Ours: voxels up to two away along each axis make the plane, 5 x 5 x 5 of them."""


def estimate_normals(voxels: Voxels) -> Float64[np.ndarray, "p 3"]:
    """Find the direction in which a voxel's neighbors spread least.

    Args:
        voxels: At least one.

    Returns:
        Unit vectors that point to where the voxels were seen from. A voxel without two neighbors
        off one line, which leaves the direction open, gets the direction to the cameras.
    """
    count = len(voxels.keys)
    total, sums, squares = np.zeros(count), np.zeros((count, 3)), np.zeros((count, 3, 3))
    span = range(-REACH, REACH + 1)
    for dx, dy, dz in product(span, span, span):
        wanted = voxels.keys + (dx * MOST_CELLS + dy) * MOST_CELLS + dz
        place = np.searchsorted(voxels.keys, wanted).clip(max=count - 1)
        found = voxels.keys[place] == wanted
        offset = voxels.points[place[found]] - voxels.points[found]
        total[found] += 1
        sums[found] += offset
        squares[found] += offset[:, :, None] * offset[:, None, :]
    mean = sums / total[:, None]
    spread = squares / total[:, None, None] - mean[:, :, None] * mean[:, None, :]
    return _oriented(spread, voxels.toward)


def _oriented(
    spread: Float64[np.ndarray, "p 3 3"], toward: Float64[np.ndarray, "p 3"]
) -> Float64[np.ndarray, "p 3"]:
    variances, axes = np.linalg.eigh(spread)
    normals = axes[:, :, 0]
    open_ended = ~(variances[:, 1] > 1e-3 * variances[:, 2])
    normals[open_ended] = toward[open_ended]
    normals *= np.where((normals * toward).sum(axis=1, keepdims=True) < 0, -1, 1)
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    return np.where(lengths > 1e-9, normals / lengths.clip(1e-9), [0.0, 0.0, 1.0])
