"""Loading of a tile's Gaussians, chunk by chunk, and their alphas; shared by both passes."""

from typing import Any, NamedTuple

import numpy as np

from gaussrep.kernels.jit import inline_jit
from gaussrep.kernels.simd import (
    EXP_COEFFICIENTS,
    WIDTH,
    broadcast,
    broadcast_load,
    exp,
    fma,
    fnma,
    load,
    maximum,
    minimum,
    movemask,
    prefetch,
    select,
    store,
)
from gaussrep.rendering.cpu.cells import lane_columns, lane_rows
from gaussrep.rendering.cpu.layout import (
    CELL_HEIGHT,
    CELL_WIDTH,
    CELLS,
    CELLS_ACROSS,
    HALF,
    L1,
    L2,
    L3,
    LOG_MIN,
    LOG_OPACITY,
    MAX_ALPHA,
    ONE,
    RECORD_SIZE,
    TILE,
    TRANSMITTANCE_MIN,
    ZERO,
    X,
    Y,
)

CHUNK = 256
"""Gaussians that a tile loads at a time; they fit the first-level cache."""

LOCAL_SIZE = 16
"""Floats per Gaussian within a tile, at the offsets of a record and those below."""
DX, DY, ACROSS, DOWN = X, Y, 12, 13
"""Offsets of dx, dy, l1 dx + l2 dy and l3 dy at the center of the tile's first pixel."""

LAST_COLUMN = np.float32(CELL_WIDTH - 1)
SLACK = np.float32(1e-3)
FAR = np.float32(np.inf)

AHEAD = 8
"""Records that are requested from memory before they are needed."""

CONSTANTS = np.array([*EXP_COEFFICIENTS, LOG_MIN, MAX_ALPHA, TRANSMITTANCE_MIN, ONE], np.float32)
"""Numbers that compositing keeps in registers; written out in code, they would be fetched from far
away each time."""


class Constants(NamedTuple):
    """`CONSTANTS` in every lane."""

    exp: Any
    log_min: Any
    max_alpha: Any
    transmittance_min: Any
    one: Any


@inline_jit
def load_constants(numbers: np.ndarray) -> Constants:
    """Load a copy of `CONSTANTS` that the kernel has made."""
    return Constants(
        (
            broadcast_load(numbers, 0),
            broadcast_load(numbers, 1),
            broadcast_load(numbers, 2),
            broadcast_load(numbers, 3),
            broadcast_load(numbers, 4),
            broadcast_load(numbers, 5),
        ),
        broadcast_load(numbers, 6),
        broadcast_load(numbers, 7),
        broadcast_load(numbers, 8),
        broadcast_load(numbers, 9),
    )


@inline_jit
def load_gaussians(
    members: np.ndarray,
    records: np.ndarray,
    base: int,
    x: int,
    y: int,
    inside: int,
    local: np.ndarray,
    touched: np.ndarray,
) -> None:
    """Copy records of Gaussians and find the cells of the tile that each can overlap.

    Args:
        members: Gaussians of the tile, at most CHUNK of them.
        records: Projected Gaussians of all images.
        base: Index of the image's first record.
        x: Left pixel of the tile.
        y: Top pixel of the tile.
        inside: Cells that are inside the image, as bits.
        local: Output, float32 [CHUNK * LOCAL_SIZE].
        touched: Output, cells that each Gaussian overlaps, as bits, int64 [CHUNK].
    """
    for k in range(len(members)):
        ahead = members[min(k + AHEAD, len(members) - 1)]
        prefetch(records, (base + ahead) * RECORD_SIZE)
        at, record = k * LOCAL_SIZE, (base + members[k]) * RECORD_SIZE
        for part in range(0, RECORD_SIZE, WIDTH):
            store(local, at + part, load(records, record + part))
        dx = np.float32(x) + HALF - local[at + X]
        dy = np.float32(y) + HALF - local[at + Y]
        local[at + DX], local[at + DY] = dx, dy
        local[at + ACROSS] = fma(local[at + L1], dx, local[at + L2] * dy)
        local[at + DOWN] = local[at + L3] * dy
        touched[k] = _overlapped_cells(local, at) & inside


@inline_jit
def cells_inside(columns: int, rows: int) -> int:
    """Cells of a tile that are inside an image of so many columns and rows, as bits."""
    row = (1 << min(CELLS_ACROSS, -(-columns // CELL_WIDTH))) - 1
    bits = 0
    for down in range(-(-min(TILE, rows) // CELL_HEIGHT)):
        bits |= row << down * CELLS_ACROSS
    return bits


@inline_jit
def pixels_inside(columns: int, rows: int) -> Any:
    """Mask the pixels of a cell that are inside an image of so many columns and rows from there."""
    return (broadcast(np.float32(columns)) > lane_columns()) & (
        broadcast(np.float32(rows)) > lane_rows()
    )


@inline_jit
def _overlapped_cells(local: np.ndarray, at: int) -> int:
    """Cells in which the ellipse overlaps a row from the first to the last pixel center, as bits.

    A lane is a cell.
    """
    l1, l2, l3 = local[at + L1], local[at + L2], local[at + L3]
    first = fma(lane_columns() * np.float32(CELL_WIDTH), l1, broadcast_load(local, at + ACROSS))
    width, reach = LAST_COLUMN * l1, local[at + LOG_OPACITY] - LOG_MIN + SLACK
    cells = 0
    for part in range(CELLS // WIDTH):
        nearest = broadcast(FAR)
        for below in range(CELL_HEIGHT):
            row = np.float32(part * CELL_HEIGHT * CELL_HEIGHT + below)
            rows = fma(lane_rows(), np.float32(CELL_HEIGHT), row)
            left = fma(rows, l2, first)
            across = maximum(maximum(left, ZERO), -width - left)
            down = fma(rows, l3, local[at + DOWN])
            nearest = minimum(nearest, fma(across, across, down * down))
        cells |= movemask(nearest <= reach) << part * WIDTH
    return cells


@inline_jit
def gaussian_alpha(
    local: np.ndarray, at: int, columns: Any, rows: Any, constants: Constants
) -> Any:
    """Compute the uncapped alphas at a cell's pixels, and the mask of those >= MIN_ALPHA.

    Args:
        local: Gaussians of the chunk.
        at: Offset of the Gaussian.
        columns: Column of each pixel within the tile.
        rows: Row of each pixel within the tile.
        constants: Result of `load_constants`.

    Returns:
        The alphas and the mask.
    """
    across = fma(rows, broadcast_load(local, at + L2), broadcast_load(local, at + ACROSS))
    across = fma(columns, broadcast_load(local, at + L1), across)
    down = fma(rows, broadcast_load(local, at + L3), broadcast_load(local, at + DOWN))
    power = fnma(across, across, fnma(down, down, broadcast_load(local, at + LOG_OPACITY)))
    return exp(power, constants.exp), power >= constants.log_min


@inline_jit
def absorb(uncapped: Any, is_visible: Any, transmittance: Any, constants: Constants) -> Any:
    """Composite one Gaussian into the transmittance of a cell.

    Args:
        uncapped: Its uncapped alphas.
        is_visible: Where they count.
        transmittance: Transmittance in front of it, 0 where a pixel is finished.
        constants: Result of `load_constants`.

    Returns:
        Alphas, weights, the transmittance behind, and the mask of pixels that it does not finish.
    """
    alpha = select(is_visible, minimum(uncapped, constants.max_alpha), ZERO)
    rest = fnma(alpha, transmittance, transmittance)
    is_open = rest > constants.transmittance_min
    weight = select(is_open, alpha * transmittance, ZERO)
    return alpha, weight, select(is_open, rest, ZERO), is_open
