"""From each point to the middle of its object."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional

from gaussrep.data.scenes.point_cloud import IGNORED


def true_offsets(
    points: Float[Tensor, "p 3"], instances: Int[Tensor, " p"], scene: Int[Tensor, " p"]
) -> tuple[Float[Tensor, "p 3"], Bool[Tensor, " p"]]:
    """Find the way from each point to the mean of its object's points.

    Args:
        points: Positions.
        instances: Object of each point in its scene, `IGNORED` where it is in none.
        scene: Scene of each point.

    Returns:
        Offsets, 0 for points that are in no object, and which points are in one.
    """
    inside = instances != IGNORED
    offsets = torch.zeros_like(points)
    if not inside.any():
        return offsets, inside
    keys = torch.stack([scene[inside], instances[inside]], dim=1)
    found, object_of, counts = keys.unique(dim=0, return_inverse=True, return_counts=True)
    sums = points.new_zeros(len(found), 3).index_add(0, object_of, points[inside])
    offsets[inside] = (sums / counts[:, None])[object_of] - points[inside]
    return offsets, inside


def offset_loss(
    guessed: Float[Tensor, "p 3"], true: Float[Tensor, "p 3"], inside: Bool[Tensor, " p"]
) -> Float[Tensor, ""]:
    """L1 distance minus cosine, averaged over the points of objects (PointGroup, equations 1, 2).

    Args:
        guessed: Offsets that a method says.
        true: Offsets to the middle of the objects.
        inside: Which points are in an object.

    Returns:
        A scalar from -1; 0, with a graph behind it, where no point is in an object.
    """
    if not inside.any():
        return 0.0 * guessed.sum()
    guessed, true = guessed[inside], true[inside]
    distance = (guessed - true).abs().sum(dim=1).mean()
    return distance - functional.cosine_similarity(guessed, true, dim=1).mean()
