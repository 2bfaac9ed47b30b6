"""Loading of a tile's Gaussians, chunk by chunk, and their alphas; shared by both passes."""

from typing import Any

import numpy as np

from gaussrep.kernels.jit import inline_jit
from gaussrep.kernels.simd import exp, fma, fnma, iota, load, maximum, movemask, store
from gaussrep.rendering.cpu.layout import (
    HALF,
    L1,
    L2,
    L3,
    LOG_MIN,
    LOG_OPACITY,
    RECORD_SIZE,
    TILE,
    ZERO,
    X,
    Y,
)

CHUNK = 256
"""Gaussians that a tile loads at a time; they fit the first-level cache."""

LOCAL_SIZE = 16
"""Floats per Gaussian within a tile, at the offsets below."""
L1_DX, DX, DY = 13, 14, 15
"""Offsets beyond those of a record: l1 dx, dx and dy at the center of the tile's first pixel."""

LAST_PIXEL = np.float32(TILE - 1)
SLACK = np.float32(1e-3)


@inline_jit
def load_gaussians(
    members: np.ndarray,
    records: np.ndarray,
    base: int,
    x: int,
    y: int,
    height: int,
    local: np.ndarray,
    spans: np.ndarray,
) -> None:
    """Copy records of Gaussians and find the rows of the tile that each can overlap.

    Args:
        members: Gaussians of the tile, at most CHUNK of them.
        records: Projected Gaussians of all images.
        base: Index of the image's first record.
        x: Left pixel of the tile.
        y: Top pixel of the tile.
        height: Image height in pixels.
        local: Output, float32 [CHUNK * SIZE].
        spans: Output, first and end row of each Gaussian, int64 [CHUNK, 2].
    """
    inside = (1 << min(TILE, height - y)) - 1
    for k in range(len(members)):
        at = k * LOCAL_SIZE
        store(local, at, load(records, (base + members[k]) * RECORD_SIZE))
        dx = np.float32(x) + HALF - local[at + X]
        dy = np.float32(y) + HALF - local[at + Y]
        local[at + L1_DX] = local[at + L1] * dx
        local[at + DX], local[at + DY] = dx, dy
        touched = _rows(local, at) & inside
        first = last = 0
        if touched:
            while not touched >> first & 1:
                first += 1
            last = first
            while touched >> last:
                last += 1
        spans[k, 0], spans[k, 1] = first, last


@inline_jit
def _rows(local: np.ndarray, at: int) -> int:
    """Rows whose first to last pixel center the ellipse overlaps, as bits."""
    dy = iota() + local[at + DY]
    left = fma(dy, local[at + L2], local[at + L1_DX])
    right = left + LAST_PIXEL * local[at + L1]
    nearest = maximum(maximum(left, ZERO), right * np.float32(-1))
    vertical = dy * local[at + L3]
    reach = local[at + LOG_OPACITY] - LOG_MIN + SLACK
    return movemask(fma(nearest, nearest, vertical * vertical) <= reach)


@inline_jit
def gaussian_alpha(local: np.ndarray, at: int, row: int) -> Any:
    """Compute the uncapped alphas along a row of pixels, and the mask of those >= MIN_ALPHA."""
    dy = local[at + DY] + np.float32(row)
    across = fma(iota(), local[at + L1], fma(local[at + L2], dy, local[at + L1_DX]))
    down = local[at + L3] * dy
    power = fnma(across, across, fma(-down, down, local[at + LOG_OPACITY]))
    return exp(power), power >= LOG_MIN
