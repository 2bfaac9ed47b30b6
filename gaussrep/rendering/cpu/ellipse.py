"""Which pixels a projected Gaussian can touch.

With the offset (dx, dy) of a pixel from the center, the exponent is
`log_opacity - (l1 dx + l2 dy)² - (l3 dy)²`: the Cholesky factor of half the inverse covariance
loses far less to rounding than the three entries of the inverse do, and costs no more. The
ellipse is where the two squares stay within `reach = log_opacity - log(1 / 255)`. It is `tall` in
half height, and its rightmost point lies `lean` below its center.
"""

from math import ceil, floor, sqrt
from typing import Any

import numpy as np

from gaussrep.kernels.jit import inline_jit
from gaussrep.rendering.cpu.layout import (
    L1,
    L2,
    L3,
    LEAN,
    LOG_MIN,
    LOG_OPACITY,
    RECORD,
    TALL,
    TILE,
    Splats,
    X,
    Y,
)

MARGIN = 0.01
"""Pixels by which spans are widened, so that rounding never loses a pixel."""


@inline_jit
def tiles_between(low: float, high: float, count: int) -> Any:
    """First tile with a pixel center in [low, high], and the one after the last."""
    first = ceil(max(0.0, min((low - MARGIN - (TILE - 0.5)) / TILE, np.float64(count))))
    last = floor(max(-1.0, min((high + MARGIN - 0.5) / TILE, count - 1.0)))
    return first, last + 1


@inline_jit
def tiles_in_row(splats: Splats, number: int, row: int) -> Any:
    """First and one-after-last tile that the ellipse meets in a tile row of its box."""
    first, last = np.int64(splats.boxes[number, 0]), np.int64(splats.boxes[number, 2])
    if last - first == 1 or splats.boxes[number, 3] - splats.boxes[number, 1] == 1:
        return first, last
    records, at = splats.records, number * RECORD
    l1, l2, l3 = (
        np.float64(records[at + L1]),
        np.float64(records[at + L2]),
        np.float64(records[at + L3]),
    )
    reach = np.float64(records[at + LOG_OPACITY]) - LOG_MIN
    tall, lean = np.float64(records[at + TALL]), np.float64(records[at + LEAN])
    low = max(row * TILE + 0.5 - MARGIN - records[at + Y], -tall)
    high = min(row * TILE + TILE - 0.5 + MARGIN - records[at + Y], tall)
    if low > high:
        return first, first
    at_right, at_left = min(max(lean, low), high), min(max(-lean, low), high)
    right = sqrt(max(reach - (l3 * at_right) ** 2, 0.0)) - l2 * at_right
    left = -sqrt(max(reach - (l3 * at_left) ** 2, 0.0)) - l2 * at_left
    x, wide = np.float64(records[at + X]), 1.0 / l1
    begin, end = tiles_between(x + left * wide, x + right * wide, last)
    return max(begin, first), end
