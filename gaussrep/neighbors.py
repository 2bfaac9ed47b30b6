"""Nearest neighbors and farthest points of point sets.

SciPy's k-d tree is used for points of few dimensions on the CPU, PyTorch3D's kernels for other
points in float32, and plain torch otherwise. Neither library is required.
"""

import logging
from collections.abc import Callable, Iterator
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

FEW = 10_000
"""Points up to which plain torch finds their spacing: SciPy takes longer to load."""

BLOCK = 128
"""Most points of a block, whose neighbors plain torch finds together."""

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
        raise ShapeError(f"k is {k} for {len(points)} points, expected 1 to {len(points)}.")
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
    if k < min(len(points), BLOCK // 2) and len(points) <= FEW and points.is_cpu:
        found = _distances_by_blocks(points.detach().double(), k + 1).to(points.dtype)
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
            f"count is {count} and first is {first} for {len(points)} points, expected 1 to "
            f"{len(points)} and 0 to {len(points) - 1}."
        )
    points = points.detach()
    if points.dtype == torch.float32 and (sample := _from_pytorch3d("sample_farthest_points")):
        _, chosen = sample(points.roll(-first, 0)[None], K=count)  # it begins with number 0
        return (chosen[0] + first) % len(points)
    return _farthest_in_torch(points, count, first)


@cache
def _from_pytorch3d(name: str) -> Callable[..., Any] | None:
    """A function of `pytorch3d.ops`; None if it is absent or broken, with one warning."""
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


def _distances_by_blocks(points: Tensor, k: int) -> Tensor:
    """Find the k smallest distances of each point to all, itself included.

    The distances within a block bound how far from it others have to be looked for.
    """
    found = points.new_empty(len(points), k)
    for block in _blocks(points, torch.arange(len(points))):
        part = points[block]
        reach = _by_pairs(part, part, k).distances[:, -1].max()
        low, high = part.amin(0) - reach, part.amax(0) + reach
        near = points[((points >= low) & (points <= high)).all(1)]
        found[block] = _by_pairs(part, near, k).distances
    return found


def _blocks(points: Tensor, indices: Tensor) -> Iterator[Tensor]:
    """Halve points along the longest side of their box, until each part is a block."""
    if len(indices) <= BLOCK:
        yield indices
        return
    part = points[indices]
    axis = int((part.amax(0) - part.amin(0)).argmax())
    order = indices[part[:, axis].argsort()]
    for half in order.chunk(2):
        yield from _blocks(points, half)


def _farthest_in_torch(points: Tensor, count: int, first: int) -> Tensor:
    chosen = torch.full((count,), first, device=points.device)
    left = torch.full_like(points[:, 0], torch.inf)
    for number in range(1, count):
        left = left.minimum((points - points[chosen[number - 1]]).square().sum(-1))
        chosen[number] = left.argmax()
    return chosen
