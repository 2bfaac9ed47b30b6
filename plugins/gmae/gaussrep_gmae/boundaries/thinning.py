"""Thinning of binary and soft boundary maps, and hysteresis at all thresholds at once."""

import numpy as np
from jaxtyping import Bool, Float

from gaussrep.kernels import kernel


def hysteresis_strength(
    magnitude: Float[np.ndarray, "h w"], low_to_high: float
) -> Float[np.ndarray, "h w"]:
    """The largest high threshold at which each pixel survives hysteresis.

    At a high threshold t, what survives are the 8-connected components of
    `magnitude >= low_to_high * t` that hold a pixel of `magnitude >= t`. Components grow as t
    falls: a max-tree holds them all, and a pixel's answer is the best over the components it is in.

    Args:
        magnitude: Edge magnitude, >= 0, 0 where there is no edge.
        low_to_high: Low threshold as a fraction of the high one, in (0, 1].

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


Neighbors = Bool[np.ndarray, "256"]


def skeleton(binary: Bool[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
    """Thin until nothing changes: `thin` of `skimage.morphology` and of MATLAB's `bwmorph`.

    Lam, Lee, Suen, "Thinning methodologies: a comprehensive survey", PAMI 1992, p. 879. Visits set
    pixels only, which for the sparse maps of a sweep is many times faster than scikit-image.

    Args:
        binary: Any map.

    Returns:
        The lines that are left.
    """
    framed = np.pad(binary, 1)
    flat = framed.ravel()
    _thin(flat, np.flatnonzero(flat), np.array(_offsets(framed.shape[1])), *_RULES)
    return framed[1:-1, 1:-1].copy()


@kernel
def _thin(
    flat: np.ndarray,
    pixels: np.ndarray,
    offsets: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
) -> None:
    left, before = len(pixels), -1
    doomed = np.empty(left, dtype=np.bool_)
    while left != before:
        before = left
        for rule in (first, second):
            for i in range(left):
                code = 0
                for k in range(8):
                    code |= flat[pixels[i] + offsets[k]] << k
                doomed[i] = rule[code]
            kept = 0
            for i in range(left):
                flat[pixels[i]] = not doomed[i]
                pixels[kept] = pixels[i]
                kept += not doomed[i]
            left = kept


def _offsets(width: int) -> list[int]:
    """Steps to the neighbors, counter-clockwise from the right: bits 0 to 7 of a code."""
    return [1, 1 - width, -width, -1 - width, -1, width - 1, width, width + 1]


def _rules() -> tuple[Neighbors, Neighbors]:
    """Neighborhoods whose center is removed, in the first and second half of a pass."""
    x1, x2, x3, x4, x5, x6, x7, x8 = ((np.arange(256) >> k & 1).astype(bool) for k in range(8))
    ring = [x1, x2, x3, x4, x5, x6, x7, x8, x1]
    crossings = sum((~ring[k] & (ring[k + 1] | ring[k + 2])).astype(int) for k in (0, 2, 4, 6))
    odd = sum((ring[k] | ring[k + 1]).astype(int) for k in (0, 2, 4, 6))
    even = sum((ring[k + 1] | ring[k + 2]).astype(int) for k in (0, 2, 4, 6))
    width = np.minimum(odd, even)
    removable = (crossings == 1) & (width >= 2) & (width <= 3)
    return removable & ~((x2 | x3 | ~x8) & x1), removable & ~((x6 | x7 | ~x4) & x5)


_RULES = _rules()


SMOOTHING = 2.0
"""Standard deviation, in pixels, of the smoothing under which a crest's direction is measured;
design choice (structured edges, Dollar and Zitnick 2015, use a triangle filter of radius 4, about
as wide)."""
SLACK = 1e-6
"""Fraction by which a pixel may be lower than its neighbors, so that rounding breaks no ties;
design choice."""


def thin_strength(strength: Float[np.ndarray, "h w"]) -> Float[np.ndarray, "h w"]:
    """Suppress non-maxima across the boundary.

    The direction across is that in which the smoothed map curves most: the eigenvector of its
    matrix of second derivatives whose eigenvalue is larger in magnitude. A pixel stays where
    neither neighbor one pixel along it, interpolated linearly, is higher. Ties stay, to be thinned
    as binary maps.

    Args:
        strength: Soft boundary map, >= 0.

    Returns:
        The same values where they stay, 0 elsewhere.
    """
    from scipy.ndimage import map_coordinates

    across = _direction_across(strength)
    here = np.indices(strength.shape, dtype=np.float64)
    sides = (
        map_coordinates(strength, here + step * across, order=1, mode="nearest") for step in (-1, 1)
    )
    stays = strength * (1 + SLACK) >= np.maximum(*sides)
    return np.where(stays, strength, 0).astype(strength.dtype)


def _direction_across(strength: Float[np.ndarray, "h w"]) -> Float[np.ndarray, "2 h w"]:
    """Unit vectors, rows first."""
    from scipy.ndimage import gaussian_filter

    smooth = strength.astype(np.float64)
    rows, mixed, columns = (
        gaussian_filter(smooth, SMOOTHING, order, mode="nearest")  # pyright: ignore[reportArgumentType]
        for order in ((2, 0), (1, 1), (0, 2))
    )
    crest = rows + columns < 0  # the lesser eigenvalue is the larger in magnitude
    angle = np.arctan2(2 * mixed, rows - columns) / 2 + crest * (np.pi / 2)
    return np.stack([np.cos(angle), np.sin(angle)])
