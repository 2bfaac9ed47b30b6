"""Estimation of normals by PCA: the direction of least variance of the neighbors."""

import numpy as np
import torch
from jaxtyping import Float, Float32, Float64

from gaussrep.neighbors import nearest_neighbors

NEIGHBORS = 16
"""Neighbors that make the plane of a point, itself included; design choice."""
BLOCK = 2**16
"""Points whose neighbors are in memory at once."""


def estimate_point_normals(points: Float32[np.ndarray, "p 3"]) -> Float32[np.ndarray, "p 3"]:
    """Estimate the normals of the points of a room.

    Args:
        points: At least one.

    Returns:
        Unit vectors on the side of the room's center, as those of its walls, floor and ceiling
        are. A point without two neighbors off one line gets the direction to the center.
    """
    tensor = torch.from_numpy(points)
    k = min(NEIGHBORS, len(points))
    inward = points.mean(0, dtype=np.float64) - points
    normals = []
    for start in range(0, len(points), BLOCK):
        found = nearest_neighbors(tensor[start : start + BLOCK], tensor, k).indices.numpy()
        offsets = points[found].astype(np.float64)
        offsets -= offsets.mean(1, keepdims=True)
        spread = np.einsum("pki,pkj->pij", offsets, offsets) / k
        normals.append(least_spread(spread, inward[start : start + BLOCK]))
    return np.concatenate(normals).astype(np.float32)


def least_spread(
    spread: Float64[np.ndarray, "p 3 3"], toward: Float[np.ndarray, "p 3"]
) -> Float64[np.ndarray, "p 3"]:
    """Find the direction of least variance of the neighbors of each point.

    Args:
        spread: Covariance of the positions of the neighbors.
        toward: Direction on whose side the normals are, not normalized.

    Returns:
        Unit vectors; `toward` itself if the neighbors are on one line.
    """
    variances, axes = np.linalg.eigh(spread)
    normals = axes[:, :, 0]
    open_ended = ~(variances[:, 1] > 1e-3 * variances[:, 2])
    normals[open_ended] = toward[open_ended]
    normals *= np.where((normals * toward).sum(axis=1, keepdims=True) < 0, -1, 1)
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    return np.where(lengths > 1e-9, normals / lengths.clip(1e-9), [0.0, 0.0, 1.0])
