"""Soft boundary maps, thinned to their crests."""

import numpy as np
from jaxtyping import Float

SMOOTHING = 2.0
"""Standard deviation, in pixels, of the smoothing under which a crest's direction is measured; ours
(structured edges, Dollar and Zitnick 2015, use a triangle filter of radius 4, about as wide)."""
SLACK = 1e-6
"""Part by which a pixel may be lower than its neighbors, so that rounding breaks no ties; ours."""


def thin_strength(strength: Float[np.ndarray, "h w"]) -> Float[np.ndarray, "h w"]:
    """Suppress what is no maximum across the boundary.

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
