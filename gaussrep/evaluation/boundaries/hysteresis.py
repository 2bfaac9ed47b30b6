"""Hysteresis at all thresholds at once."""

import numpy as np
from jaxtyping import Float


def hysteresis_strength(
    magnitude: Float[np.ndarray, "h w"], low_to_high: float
) -> Float[np.ndarray, "h w"]:
    """The largest high threshold at which each pixel survives hysteresis.

    At a high threshold t, what survives are the 8-connected components of
    `magnitude >= low_to_high * t` that hold a pixel of `magnitude >= t`. Components grow as t
    falls: a max-tree holds them all, and a pixel's answer is the best over the components it is in.

    Args:
        magnitude: Edge magnitude, >= 0, 0 where there is no edge.
        low_to_high: Low threshold as a part of the high one, in (0, 1].

    Returns:
        Thresholds; 0 where there is no edge.
    """
    from skimage.morphology import max_tree

    framed = np.pad(magnitude, 1)  # max_tree fails on images less than three pixels wide
    parents, ascending = (each.ravel() for each in max_tree(framed, connectivity=2))
    level = framed.ravel()
    ascending = ascending[level[ascending] > 0]
    peak = level.copy()
    for node in ascending[::-1]:
        peak[parents[node]] = max(peak[parents[node]], peak[node])
    best = np.minimum(level / low_to_high, peak)
    best[level == 0] = 0
    for node in ascending:
        best[node] = max(best[node], best[parents[node]])
    return best.reshape(framed.shape)[1:-1, 1:-1]
