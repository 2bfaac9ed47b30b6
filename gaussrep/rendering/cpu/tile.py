"""Third stage, shared by both directions: one tile takes up its Gaussians, chunk by chunk."""

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
    RECORD,
    TILE,
    ZERO,
    X,
    Y,
)

CHUNK = 256
"""Gaussians that a tile takes up at a time; they stay in the first-level cache."""

SIZE = 16
"""Numbers per Gaussian within a tile, at the places below."""
EDGE, DX, DY = 13, 14, 15
"""Beside those of a record: l1 dx, dx and dy at the center of the tile's first pixel."""

FAR = np.float32(TILE - 1)
SLACK = np.float32(1e-3)


@inline_jit
def take_up(
    members: np.ndarray,
    records: np.ndarray,
    base: int,
    x: int,
    y: int,
    height: int,
    local: np.ndarray,
    spans: np.ndarray,
) -> None:
    """Copy records into a tile and find the rows that each one can touch.

    Args:
        members: Gaussians of the tile, at most CHUNK of them.
        records: Projected Gaussians of all images.
        base: Number of the image's first record.
        x: Left pixel of the tile.
        y: Top pixel of the tile.
        height: Height of the image.
        local: Written here, float32 [CHUNK * SIZE].
        spans: First row and row after the last are written here, int64 [CHUNK, 2].
    """
    inside = (1 << min(TILE, height - y)) - 1
    for k in range(len(members)):
        at = k * SIZE
        store(local, at, load(records, (base + members[k]) * RECORD))
        dx = np.float32(x) + HALF - local[at + X]
        dy = np.float32(y) + HALF - local[at + Y]
        local[at + EDGE] = local[at + L1] * dx
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
    """Rows in which the ellipse reaches between the first and the last pixel center, as bits."""
    dy = iota() + local[at + DY]
    left = fma(dy, local[at + L2], local[at + EDGE])
    right = left + FAR * local[at + L1]
    nearest = maximum(maximum(left, ZERO), right * np.float32(-1))
    vertical = dy * local[at + L3]
    reach = local[at + LOG_OPACITY] - LOG_MIN + SLACK
    return movemask(fma(nearest, nearest, vertical * vertical) <= reach)


@inline_jit
def falloff(local: np.ndarray, at: int, row: int) -> Any:
    """Opacity times Gaussian along a row of pixels, uncapped; and where it counts at all."""
    dy = local[at + DY] + np.float32(row)
    across = fma(iota(), local[at + L1], fma(local[at + L2], dy, local[at + EDGE]))
    down = local[at + L3] * dy
    power = fnma(across, across, fma(-down, down, local[at + LOG_OPACITY]))
    return exp(power), power >= LOG_MIN
