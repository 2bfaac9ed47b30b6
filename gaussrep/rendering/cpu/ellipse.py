"""Tiles that a projected Gaussian overlaps.

With the offset (dx, dy) of a pixel from the center, alpha is 2 ** p / 255 with the exponent
p = `reach - (l1 dx + l2 dy)² - (l3 dy)²`: the Cholesky factor of half the inverse covariance, in
units of log 2, loses far less to rounding than the three entries of the inverse, and costs no more.
The ellipse is where p is not negative. Its half height is `half_height`, and its rightmost point is
`shear` below its center.
"""

from math import ceil, floor, sqrt
from typing import Any, NamedTuple

import numpy as np

from gaussrep.kernels.jit import inline_jit
from gaussrep.kernels.simd import maximum, minimum
from gaussrep.rendering.cpu.layout import (
    BEGIN,
    END,
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

CORNER = (1 << 16) - 1
"""Bits of a corner's column."""

MARGIN = 0.01
"""Pixels by which spans are widened, so that rounding never loses a pixel."""


@inline_jit
def tiles_between(low: float, high: float, count: int) -> Any:
    """First and end tile with a pixel center in [low, high]."""
    first = ceil(maximum(0.0, minimum((low - MARGIN - (TILE - 0.5)) / TILE, np.float64(count))))
    last = floor(maximum(-1.0, minimum((high + MARGIN - 0.5) / TILE, count - 1.0)))
    return first, last + 1


class BoxedEllipse(NamedTuple):
    """The ellipse of a Gaussian and the tiles of its box, without those of rows."""

    first: Any
    end: Any
    top: Any
    bottom: Any
    is_full: Any
    """Whether the box counts as overlapped: it has one row, one column, or two of both."""
    x: float
    y: float
    reach: float
    l2: float
    l3: float
    inverse_l1: float
    half_height: float
    shear: float


@inline_jit
def load_box(splats: Splats, splat: int) -> BoxedEllipse:
    """Load the ellipse of a Gaussian whose box is not empty."""
    records, at = splats.records, splat * RECORD_SIZE
    begin, end = np.int64(splats.integers[at + BEGIN]), np.int64(splats.integers[at + END])
    left, top, right, bottom = begin & CORNER, begin >> 16, end & CORNER, end >> 16
    return BoxedEllipse(
        left,
        right,
        top,
        bottom,
        (right - left <= 2 and bottom - top <= 2) or right - left == 1 or bottom - top == 1,
        np.float64(records[at + X]),
        np.float64(records[at + Y]),
        np.float64(records[at + REACH]),
        np.float64(records[at + L2]),
        np.float64(records[at + L3]),
        1.0 / np.float64(records[at + L1]),
        np.float64(records[at + HALF_HEIGHT]),
        np.float64(records[at + SHEAR]),
    )


@inline_jit
def tiles_in_row(ellipse: BoxedEllipse, row: int) -> Any:
    """First and end tile that the ellipse overlaps in a tile row of its box."""
    if ellipse.is_full:
        return ellipse.first, ellipse.end
    half_height = ellipse.half_height
    low = maximum(row * TILE + 0.5 - MARGIN - ellipse.y, -half_height)
    high = minimum(row * TILE + TILE - 0.5 + MARGIN - ellipse.y, half_height)
    if low > high:
        return ellipse.first, ellipse.first
    right = _reach_across(ellipse, minimum(maximum(ellipse.shear, low), high), 1.0)
    left = _reach_across(ellipse, minimum(maximum(-ellipse.shear, low), high), -1.0)
    begin, end = tiles_between(ellipse.x + left, ellipse.x + right, ellipse.end)
    return maximum(begin, ellipse.first), end


@inline_jit
def _reach_across(ellipse: BoxedEllipse, dy: float, side: float) -> float:
    """Offset of the ellipse's end in a row from the center; `side` is 1 for the right, -1 left."""
    down = ellipse.l3 * dy
    across = side * sqrt(maximum(ellipse.reach - down * down, 0.0))
    return (across - ellipse.l2 * dy) * ellipse.inverse_l1
