"""Distances to the nearest neighbours."""

from importlib.util import find_spec

import torch
from jaxtyping import Float
from torch import Tensor

PAIRS = 2**24
"""Pairs of points whose distances are held in memory at once."""


def neighbour_distances(points: Float[Tensor, "n 3"], k: int = 3) -> Float[Tensor, "n k"]:
    """Distances from every point to its nearest others, nearest first.

    SciPy's k-d tree finds them where it is installed and the points are on the CPU.

    Args:
        points: More than `k`.
        k: How many others.

    Returns:
        Distances; 0 where points coincide.
    """
    if points.device.type == "cpu" and find_spec("scipy") is not None:
        return _by_tree(points, k)
    return _by_pairs(points, k)


def _by_tree(points: Tensor, k: int) -> Tensor:
    from scipy.spatial import KDTree

    array = points.detach().double().numpy()
    distances = KDTree(array).query(array, k + 1)[0][:, 1:]
    return torch.from_numpy(distances).to(points.dtype)


def _by_pairs(points: Tensor, k: int) -> Tensor:
    rows = max(1, PAIRS // len(points))
    mode = "donot_use_mm_for_euclid_dist"  # which would lose the small distances
    parts = [
        torch.cdist(part, points, compute_mode=mode).topk(k + 1, largest=False).values[:, 1:]
        for part in points.split(rows)
    ]
    return torch.cat(parts)
