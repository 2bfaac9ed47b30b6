"""Tiles that projected Gaussians overlap; one Gaussian per lane.

With the offset (dx, dy) of a pixel from the center, the binary logarithm of alpha is
`log_opacity - (l1 dx + l2 dy)² - (l3 dy)²`: the Cholesky factor of half the inverse covariance
loses far less to rounding than the three entries of the inverse, and costs no more. The ellipse is
where the sum of the two squares is at most `log_opacity - log2(1 / 255)`. Its half height is
`half_height`, and its rightmost point is `shear` below its center.
"""

from triton import language as tl

from gaussrep.rendering.triton.jit import inline_jit
from gaussrep.rendering.triton.layout import (
    HALF_HEIGHT,
    L1,
    L2,
    L3,
    LOG2_MIN,
    LOG_OPACITY,
    RECORD_SIZE,
    SHEAR,
    TILE,
    X,
    Y,
)

MARGIN = tl.constexpr(0.01)
"""Pixels by which spans are widened, so that rounding never loses a pixel."""


@inline_jit
def tiles_between(low, high, count):
    """First and end tile with a pixel center in [low, high]."""
    first = tl.ceil((low - MARGIN - (TILE - 0.5)) / TILE)
    last = tl.floor((high + MARGIN - 0.5) / TILE)
    first = tl.minimum(tl.maximum(first, 0.0), count * 1.0)
    last = tl.maximum(tl.minimum(last, count - 1.0), -1.0)
    return first.to(tl.int32), last.to(tl.int32) + 1


@inline_jit
def load_ellipse(records, at, mask):
    """Load what `tiles_in_row` needs of records."""
    start = records + at * RECORD_SIZE
    center = tl.load(start + X, mask=mask, other=0.0), tl.load(start + Y, mask=mask, other=0.0)
    factor = (
        tl.load(start + L1, mask=mask, other=1.0),
        tl.load(start + L2, mask=mask, other=0.0),
        tl.load(start + L3, mask=mask, other=1.0),
    )
    reach = tl.load(start + LOG_OPACITY, mask=mask, other=LOG2_MIN) - LOG2_MIN
    half_height = tl.load(start + HALF_HEIGHT, mask=mask, other=0.0)
    return center, factor, reach, half_height, tl.load(start + SHEAR, mask=mask, other=0.0)


@inline_jit
def tiles_in_row(ellipse, box, row):
    """First tile that an ellipse overlaps in a tile row of its box, and their number."""
    center, factor, reach, half_height, shear = ellipse
    left, top, right, bottom = box
    l1, l2, l3 = factor
    edge = row * TILE - center[1]
    low = tl.maximum(edge + (0.5 - MARGIN), -half_height)
    high = tl.minimum(edge + (TILE - 0.5 + MARGIN), half_height)
    at_right = l3 * tl.minimum(tl.maximum(shear, low), high)
    at_left = l3 * tl.minimum(tl.maximum(-shear, low), high)
    slope = l2 / l3
    end = tl.sqrt(tl.maximum(reach - at_right * at_right, 0.0)) - slope * at_right
    begin = -tl.sqrt(tl.maximum(reach - at_left * at_left, 0.0)) - slope * at_left
    first, last = tiles_between(center[0] + begin / l1, center[0] + end / l1, right)
    first = tl.maximum(first, left)
    last = tl.where(low > high, first, last)
    is_line = (right - left == 1) | (bottom - top == 1)
    first, last = tl.where(is_line, left, first), tl.where(is_line, right, last)
    return first, tl.where((row >= top) & (row < bottom), tl.maximum(last - first, 0), 0)
