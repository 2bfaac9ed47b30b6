"""Which detected pixel may stand for which annotated one."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int


@dataclass(frozen=True, slots=True)
class PixelPairs:
    """Pairs of a detected and an annotated pixel that lie close enough together.

    Pixels are numbered in raster order among those that are set in their map.

    Attributes:
        detected: Detected pixel of each pair, pairs ordered by distance [P].
        annotated: Annotated pixel of each pair [P].
        starts: Where the pairs of each detected pixel start in `partners` [D + 1].
        partners: Annotated pixels by detected pixel, nearest first [P].
        annotations: How many pixels are annotated.
    """

    detected: Int[np.ndarray, " p"]
    annotated: Int[np.ndarray, " p"]
    starts: Int[np.ndarray, " d1"]
    partners: Int[np.ndarray, " p"]
    annotations: int


def pairs_within(
    detected: Bool[np.ndarray, "h w"], annotated: Bool[np.ndarray, "h w"], radius: float
) -> PixelPairs:
    """Find all pairs of pixels at most a radius apart.

    Args:
        detected: Map of detected pixels.
        annotated: Map of annotated pixels.
        radius: Largest distance between centers that counts, in pixels.

    Returns:
        The pairs, in an order that depends on nothing but the maps.
    """
    from scipy.spatial import KDTree

    ours, theirs = np.argwhere(detected), np.argwhere(annotated)
    found = KDTree(ours).sparse_distance_matrix(KDTree(theirs), radius, output_type="ndarray")
    found = found[np.lexsort((found["j"], found["i"], found["v"]))]
    by_pixel = np.argsort(found["i"], kind="stable")
    starts = np.searchsorted(found["i"][by_pixel], np.arange(len(ours) + 1))
    return PixelPairs(
        detected=found["i"].astype(np.int64),
        annotated=found["j"].astype(np.int64),
        starts=starts.astype(np.int64),
        partners=found["j"][by_pixel].astype(np.int64),
        annotations=len(theirs),
    )
