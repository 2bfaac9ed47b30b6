"""Nearest neighbors and farthest points of sets of points.

Who finds them is chosen here, once for all of gaussrep: SciPy's k-d tree for points of few
dimensions on the CPU, PyTorch3D's kernels for other points in float32, plain torch otherwise.
Neither library is required.
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

logger = logging.getLogger("gaussrep")

PAIRS = 2**24
"""Pairs of points whose distances plain torch holds in memory at once."""

TREE_DIMENSIONS = 8
"""Above this, a k-d tree looks at nearly all points and is slower than comparing all pairs."""


@dataclass(frozen=True, eq=False)
class Neighbors:
    """The nearest points of each query, nearest first; they carry no gradient.

    Args:
        distances: In the units of the points.
        indices: Into the points.
    """

    distances: Float[Tensor, "q k"]
    indices: Int[Tensor, "q k"]


def nearest_neighbors(
    queries: Float[Tensor, "q d"], points: Float[Tensor, "n d"], k: int = 1
) -> Neighbors:
    """Find the points nearest to each query.

    Args:
        queries: Where to look; a query that is one of the points finds itself, at distance 0.
        points: At least `k`, of the same dtype and on the same device.
        k: How many to find.

    Returns:
        Their distances and indices; of points at the same distance, which comes first is open.

    Raises:
        ShapeError: If there are fewer points than `k`.

    Example:
        >>> import torch
        >>> found = nearest_neighbors(torch.zeros(1, 3), torch.eye(3) * torch.arange(1.0, 4), k=2)
        >>> found.indices.tolist(), found.distances.tolist()
        ([[0, 1]], [[1.0, 2.0]])
    """
    if not 1 <= k <= len(points):
        raise ShapeError(f"{k} nearest of {len(points)} points are asked for; give 1 to that many.")
    queries, points = queries.detach(), points.detach()
    few = points.shape[1] <= TREE_DIMENSIONS
    if points.device.type == "cpu" and few and find_spec("scipy") is not None:
        return _by_tree(queries, points, k)
    if points.dtype == torch.float32 and (knn_points := _from_pytorch3d("knn_points")):
        squared, indices, _ = knn_points(queries[None], points[None], K=k)
        return Neighbors(squared[0].sqrt(), indices[0])
    return _by_pairs(queries, points, k)


def spacing(points: Float[Tensor, "n d"], k: int = 3) -> Float[Tensor, " n"]:
    """Measure how far the points around each one are (3DGS, section 5.1).

    Args:
        points: More than `k`.
        k: How many others are looked at, the nearest ones.

    Returns:
        Root of their mean squared distance; 0 where points coincide.

    Raises:
        ShapeError: If there are no more points than `k`.
    """
    return nearest_neighbors(points, points, k + 1).distances[:, 1:].square().mean(-1).sqrt()


def farthest_points(points: Float[Tensor, "n d"], count: int, first: int = 0) -> Int[Tensor, " m"]:
    """Choose points that lie far apart: each the one farthest from all that were chosen before.

    Args:
        points: To choose from.
        count: How many, at most all.
        first: Index of the one to begin with.

    Returns:
        Indices in the order of choice.

    Raises:
        ShapeError: If there are fewer points than `count`, or none at `first`.

    Example:
        >>> farthest_points(torch.tensor([[0.0], [1.0], [5.0], [9.0]]), 3).tolist()
        [0, 3, 2]
    """
    if not (1 <= count <= len(points) and 0 <= first < len(points)):
        raise ShapeError(
            f"{count} of {len(points)} points, beginning with number {first}, are asked for; give "
            "1 to that many, and a number below it."
        )
    points = points.detach()
    if points.dtype == torch.float32 and (sample := _from_pytorch3d("sample_farthest_points")):
        _, chosen = sample(points.roll(-first, 0)[None], K=count)  # it begins with number 0
        return (chosen[0] + first) % len(points)
    return _farthest_in_torch(points, count, first)


@cache
def _from_pytorch3d(name: str) -> Callable[..., Any] | None:
    """A function of `pytorch3d.ops`; None where it is absent, or broken, which is said once."""
    if find_spec("pytorch3d") is None:
        return None
    try:
        return getattr(import_module("pytorch3d.ops"), name)
    except (ImportError, OSError) as error:
        logger.warning("PyTorch3D does not import (%s); torch does without it", error)
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
