"""Tiles that a projected Gaussian overlaps.

With the offset (dx, dy) of a pixel from the center, alpha is 2 ** p / 255 with the exponent
p = `reach - (l1 dx + l2 dy)² - (l3 dy)²`: the Cholesky factor of half the inverse covariance, in
units of log 2, loses far less to rounding than the three entries of the inverse, and costs no more.
The ellipse is where p is not negative. Its half height is `half_height`, and its rightmost point is
`shear` below its center.
"""

from math import ceil, floor, sqrt
from typing import Any

import numpy as np

from gaussrep.kernels.jit import inline_jit
from gaussrep.rendering.cpu.layout import (
    HALF_HEIGHT,
    L1,
    L2,
    L3,
    REACH,
    RECORD_SIZE,
    SHEAR,
    TILE,
    Splats,
    X,
    Y,
)

MARGIN = 0.01
"""Pixels by which spans are widened, so that rounding never loses a pixel."""


@inline_jit
def tiles_between(low: float, high: float, count: int) -> Any:
    """First and end tile with a pixel center in [low, high]."""
    first = ceil(max(0.0, min((low - MARGIN - (TILE - 0.5)) / TILE, np.float64(count))))
    last = floor(max(-1.0, min((high + MARGIN - 0.5) / TILE, count - 1.0)))
    return first, last + 1


@inline_jit
def tiles_in_row(splats: Splats, splat: int, row: int) -> Any:
    """First and end tile that the ellipse overlaps in a tile row of its box."""
    first, last = np.int64(splats.boxes[splat, 0]), np.int64(splats.boxes[splat, 2])
    if last - first == 1 or splats.boxes[splat, 3] - splats.boxes[splat, 1] == 1:
        return first, last
    records, at = splats.records, splat * RECORD_SIZE
    l1, l2, l3 = (
        np.float64(records[at + L1]),
        np.float64(records[at + L2]),
        np.float64(records[at + L3]),
    )
    reach = np.float64(records[at + REACH])
    half_height, shear = np.float64(records[at + HALF_HEIGHT]), np.float64(records[at + SHEAR])
    low = max(row * TILE + 0.5 - MARGIN - records[at + Y], -half_height)
    high = min(row * TILE + TILE - 0.5 + MARGIN - records[at + Y], half_height)
    if low > high:
        return first, first
    at_right, at_left = min(max(shear, low), high), min(max(-shear, low), high)
    down_right, down_left = l3 * at_right, l3 * at_left
    right = sqrt(max(reach - down_right * down_right, 0.0)) - l2 * at_right
    left = -sqrt(max(reach - down_left * down_left, 0.0)) - l2 * at_left
    x, inverse_l1 = np.float64(records[at + X]), 1.0 / l1
    begin, end = tiles_between(x + left * inverse_l1, x + right * inverse_l1, last)
    return max(begin, first), end
