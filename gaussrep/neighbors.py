"""Nearest neighbors and farthest points of point sets.

SciPy's k-d tree is used for points of few dimensions on the CPU, PyTorch3D's kernels for other
points in float32, and plain torch otherwise. Neither library is required.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from gaussrep.errors import ShapeError

__all__ = ["farthest_points", "nearest_neighbors", "spacing"]

logger = logging.getLogger("gaussrep")

PAIRS = 2**24
"""Pairs of points whose distances plain torch keeps in memory at once."""

FEW_PAIRS = 2**20
"""Pairs of points up to which plain torch finds the spacing of points: SciPy takes longer to load.
"""

TREE_DIMENSIONS = 8
"""Largest number of dimensions for the k-d tree, which visits nearly all points above it."""


@dataclass(frozen=True, eq=False)
class Neighbors:
    """The nearest points of each query, nearest first; they carry no gradient.

    Args:
        distances: Euclidean distances in the units of the points, ascending.
        indices: Indices of the points.
    """

    distances: Float[Tensor, "q k"]
    indices: Int[Tensor, "q k"]


def nearest_neighbors(
    queries: Float[Tensor, "q d"], points: Float[Tensor, "n d"], k: int = 1
) -> Neighbors:
    """Find the points nearest to each query.

    Args:
        queries: Query points; one that is among the points finds itself, at distance 0.
        points: At least `k` points of the same dtype and on the same device.
        k: Number of neighbors.

    Returns:
        Distances and indices; the order of points at the same distance is not defined.

    Raises:
        ShapeError: If there are fewer points than `k`.

    Examples:
        >>> import torch
        >>> found = nearest_neighbors(torch.zeros(1, 3), torch.eye(3) * torch.arange(1.0, 4), k=2)
        >>> found.indices.tolist(), found.distances.tolist()
        ([[0, 1]], [[1.0, 2.0]])
    """
    if not 1 <= k <= len(points):
        raise ShapeError(f"k is {k} for {len(points)} points, wanted 1 to {len(points)}.")
    queries, points = queries.detach(), points.detach()
    few = points.shape[1] <= TREE_DIMENSIONS
    if points.device.type == "cpu" and few and find_spec("scipy") is not None:
        return _by_tree(queries, points, k)
    if points.dtype == torch.float32 and (knn_points := _from_pytorch3d("knn_points")):
        squared, indices, _ = knn_points(queries[None], points[None], K=k)
        return Neighbors(squared[0].sqrt(), indices[0])
    return _by_pairs(queries, points, k)


def spacing(points: Float[Tensor, "n d"], k: int = 3) -> Float[Tensor, " n"]:
    """Compute the root-mean-square distance to the k nearest neighbors (3DGS, section 5.1).

    Args:
        points: More than `k` points.
        k: Number of nearest other points.

    Returns:
        One distance per point; 0 where points coincide.

    Raises:
        ShapeError: If there are not more than `k` points.
    """
    if k < len(points) and len(points) ** 2 <= FEW_PAIRS and points.is_cpu:
        exact = points.detach().double()
        found = _by_pairs(exact, exact, k + 1).distances.to(points.dtype)
    else:
        found = nearest_neighbors(points, points, k + 1).distances
    return found[:, 1:].square().mean(-1).sqrt()


def farthest_points(points: Float[Tensor, "n d"], count: int, first: int = 0) -> Int[Tensor, " m"]:
    """Sample points by farthest-point sampling: each is the farthest from all earlier ones.

    Args:
        points: Points to sample from.
        count: Number of samples, 1 to N.
        first: Index of the first sample.

    Returns:
        Indices in the order of sampling.

    Raises:
        ShapeError: If there are fewer points than `count`, or none at `first`.

    Examples:
        >>> farthest_points(torch.tensor([[0.0], [1.0], [5.0], [9.0]]), 3).tolist()
        [0, 3, 2]
    """
    if not (1 <= count <= len(points) and 0 <= first < len(points)):
        raise ShapeError(
            f"count is {count} and first is {first} for {len(points)} points, wanted 1 to "
            f"{len(points)} and 0 to {len(points) - 1}."
        )
    points = points.detach()
    if points.dtype == torch.float32 and (sample := _from_pytorch3d("sample_farthest_points")):
        _, chosen = sample(points.roll(-first, 0)[None], K=count)  # it begins with number 0
        return (chosen[0] + first) % len(points)
    return _farthest_in_torch(points, count, first)


@cache
def _from_pytorch3d(name: str) -> Callable[..., Any] | None:
    """A function of `pytorch3d.ops`; None where it is absent or broken, with one warning."""
    if find_spec("pytorch3d") is None:
        return None
    try:
        return getattr(import_module("pytorch3d.ops"), name)
    except (ImportError, OSError) as error:
        logger.warning("PyTorch3D cannot be imported (%s); using torch instead", error)
        return None


def _by_tree(queries: Tensor, points: Tensor, k: int) -> Neighbors:
    from scipy.spatial import KDTree

    found = KDTree(points.double().numpy()).query(queries.double().numpy(), k)
    distances, indices = (torch.from_numpy(array).view(len(queries), k) for array in found)
    return Neighbors(distances.to(points.dtype), indices)


def _by_pairs(queries: Tensor, points: Tensor, k: int) -> Neighbors:
    rows = max(1, PAIRS // len(points))
    mode = "donot_use_mm_for_euclid_dist"  # which would lose the small distances
    parts = [
        torch.cdist(part, points, compute_mode=mode).topk(k, largest=False)
        for part in queries.split(rows)
    ]
    return Neighbors(torch.cat([p.values for p in parts]), torch.cat([p.indices for p in parts]))


def _farthest_in_torch(points: Tensor, count: int, first: int) -> Tensor:
    chosen = torch.full((count,), first, device=points.device)
    left = torch.full_like(points[:, 0], torch.inf)
    for number in range(1, count):
        left = left.minimum((points - points[chosen[number - 1]]).square().sum(-1))
        chosen[number] = left.argmax()
    return chosen
