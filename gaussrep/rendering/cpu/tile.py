"""A tile's Gaussians: the cells that they overlap, and their alphas; shared by both passes."""

from typing import Any, NamedTuple

import numpy as np

from gaussrep.kernels.jit import inline_jit, inline_jit_alloc
from gaussrep.kernels.simd import (
    EXP2_COEFFICIENTS,
    ROUNDER,
    WIDTH,
    absolute,
    broadcast,
    broadcast_load,
    count_trailing_zeros,
    exp2,
    fma,
    fnma,
    iota,
    is_positive,
    load,
    maximum,
    minimum,
    movemask,
    prefetch,
    select,
    sqrt,
    store,
)
from gaussrep.kernels.simd.memory import allocate
from gaussrep.rendering.cpu.cells import cell_column, cell_row, lane_columns, lane_rows
from gaussrep.rendering.cpu.layout import (
    CELL_HEIGHT,
    CELL_WIDTH,
    CELLS,
    CELLS_ACROSS,
    HALF,
    L1,
    L2,
    L3,
    MAX_ALPHA,
    MIN_ALPHA,
    ONE,
    PIXELS,
    REACH,
    RECORD_SIZE,
    TILE,
    TRANSMITTANCE_MIN,
    ZERO,
    X,
    Y,
)

CHUNK = 256
"""Gaussians that a tile takes up at a time; they fit the first-level cache."""

STRIDE = 32
"""Gaussians between two checks which cells are finished; divides `CHUNK`."""

HALF_CELL = np.float32(0.5 * (CELL_WIDTH - 1))
SLACK = np.float32(2e-3)

AHEAD = 16
"""Records that are requested from memory before they are needed."""

CONSTANTS = np.array(
    [*EXP2_COEFFICIENTS * MIN_ALPHA, ROUNDER, MAX_ALPHA, TRANSMITTANCE_MIN, ONE], np.float32
)
"""Numbers that compositing keeps in registers; written out in code, they would be fetched from far
away each time."""

EVERY_COLUMN = sum(1 << column * TILE for column in range(CELLS_ACROSS))
FIRST_GROUPS = sum(EVERY_COLUMN << row for row in range(0, TILE, CELL_HEIGHT))
FIRST_GROUPS -= (FIRST_GROUPS >> 63) << 64
"""Bits of all cells, as a signed integer."""


class Constants(NamedTuple):
    """`CONSTANTS` in every lane."""

    exp2: Any
    rounder: Any
    max_alpha: Any
    transmittance_min: Any
    one: Any


class Ellipse(NamedTuple):
    """A Gaussian at a tile, each number in every lane: `reach - (l1 dx + l2 dy)² - (l3 dy)²`."""

    reach: Any
    l1: Any
    l2: Any
    l3: Any
    dx: Any
    """From the Gaussian's center to that of the tile's first pixel."""
    dy: Any
    across: Any
    """l1 dx + l2 dy there."""
    down: Any
    """l3 dy there."""


@inline_jit_alloc
def allocate_places() -> np.ndarray:
    """Columns and rows of a tile's pixels, in the order of its cells, float32 [2 * PIXELS]."""
    places = allocate(2 * PIXELS, np.float32)
    for cell in range(CELLS):
        at = cell * WIDTH
        store(places, at, lane_columns() + np.float32(cell_column(cell)))
        store(places, PIXELS + at, lane_rows() + np.float32(cell_row(cell)))
    return places


@inline_jit_alloc
def copy_constants() -> np.ndarray:
    """Copy `CONSTANTS`."""
    numbers = allocate(len(CONSTANTS), np.float32)
    for at in range(len(CONSTANTS)):
        numbers[at] = CONSTANTS[at]
    return numbers


@inline_jit
def load_constants(numbers: np.ndarray) -> Constants:
    """Load what `copy_constants` returned."""
    return Constants(
        (
            broadcast_load(numbers, 0),
            broadcast_load(numbers, 1),
            broadcast_load(numbers, 2),
            broadcast_load(numbers, 3),
            broadcast_load(numbers, 4),
        ),
        broadcast_load(numbers, 5),
        broadcast_load(numbers, 6),
        broadcast_load(numbers, 7),
        broadcast_load(numbers, 8),
    )


@inline_jit
def load_ellipse(records: np.ndarray, at: int, x: int, y: int) -> Ellipse:
    """Load a Gaussian.

    Args:
        records: Projected Gaussians of all images.
        at: Offset of the Gaussian's record.
        x: Left pixel of the tile.
        y: Top pixel of the tile.

    Returns:
        The Gaussian as the tile sees it.
    """
    l1, l2 = broadcast_load(records, at + L1), broadcast_load(records, at + L2)
    l3, reach = broadcast_load(records, at + L3), broadcast_load(records, at + REACH)
    dx = np.float32(x) + HALF - broadcast_load(records, at + X)
    dy = np.float32(y) + HALF - broadcast_load(records, at + Y)
    return Ellipse(reach, l1, l2, l3, dx, dy, fma(l1, dx, l2 * dy), l3 * dy)


@inline_jit
def find_cells(
    members: np.ndarray,
    records: np.ndarray,
    base: int,
    x: int,
    y: int,
    inside: int,
    touched: np.ndarray,
) -> None:
    """Find the cells of a tile that each of its Gaussians can overlap.

    Args:
        members: Gaussians of the tile, at most CHUNK of them.
        records: Projected Gaussians of all images.
        base: Index of the image's first record.
        x: Left pixel of the tile.
        y: Top pixel of the tile.
        inside: Cells that are inside the image.
        touched: Output, sets of cells, int64 [CHUNK].
    """
    for k in range(len(members)):
        ahead = members[minimum(k + AHEAD, len(members) - 1)]
        prefetch(records, (base + ahead) * RECORD_SIZE)
        ellipse = load_ellipse(records, (base + members[k]) * RECORD_SIZE, x, y)
        touched[k] = _overlapped_cells(ellipse) & inside


@inline_jit
def _overlapped_cells(ellipse: Ellipse) -> int:
    """Cells in which the ellipse overlaps a row from the first to the last pixel center.

    A lane is a row of the tile's pixels.
    """
    groups = np.int64(0)
    half_cell, step = ellipse.l1 * HALF_CELL, ellipse.l1 * np.float32(CELL_WIDTH)
    for part in range(0, TILE, WIDTH):
        rows = iota() + np.float32(part)
        down = fma(rows, ellipse.l3, ellipse.down)
        farthest = sqrt(fnma(down, down, ellipse.reach + SLACK)) + half_cell
        middle = fma(rows, ellipse.l2, ellipse.across + half_cell)
        for column in range(CELLS_ACROSS):
            groups |= movemask(absolute(middle) <= farthest) << column * TILE + part
            middle = middle + step
    return _cells_of_groups(groups)


@inline_jit
def _cells_of_groups(groups: int) -> int:
    """Cells with any of some groups of four pixels."""
    cells, height = groups, 1
    while height < CELL_HEIGHT:
        cells |= cells >> height
        height *= 2
    return cells & FIRST_GROUPS


@inline_jit
def open_cells(state: np.ndarray, stride: int) -> int:
    """Cells with pixels that are not finished.

    Args:
        state: State of each cell, which begins with the transmittance in its pixels.
        stride: Vectors of a cell's state.
    """
    cells: Any = 0
    limit = broadcast(TRANSMITTANCE_MIN)
    for cell in range(CELLS):
        is_open = movemask(load(state, cell * stride * WIDTH) > limit) != 0
        cells |= np.int64(is_open) << cell * CELL_HEIGHT
    return cells


@inline_jit
def cells_inside(columns: int, rows: int) -> int:
    """Cells of a tile that are inside an image of the given columns and rows."""
    height = (1 << minimum(TILE, maximum(rows, 0))) - 1
    groups = np.int64(0)
    for column in range(minimum(CELLS_ACROSS, -(-columns // CELL_WIDTH))):
        groups |= height << column * TILE
    return _cells_of_groups(groups)


@inline_jit
def pixels_inside(columns: int, rows: int) -> Any:
    """Mask the pixels of a cell inside an image with the given remaining columns and rows."""
    return (broadcast(np.float32(columns)) > lane_columns()) & (
        broadcast(np.float32(rows)) > lane_rows()
    )


@inline_jit
def write_alphas(
    touched: int,
    ellipse: Ellipse,
    places: np.ndarray,
    constants: Constants,
    state: np.ndarray,
    plane: int,
    planes: int,
) -> None:
    """Write the alphas of a Gaussian in its cells, 0 where they are less than MIN_ALPHA.

    The chain from a pixel to its alpha is long. In a loop of its own, many cells are on their way
    at a time.

    Args:
        touched: The cells.
        ellipse: The Gaussian.
        places: Result of `allocate_places`.
        constants: Result of `load_constants`.
        state: State of the tile's cells.
        plane: Offset in a cell's state at which the alphas are written.
        planes: Vectors of a cell's state.
    """
    while touched:
        pixel = count_trailing_zeros(touched) * CELL_WIDTH
        touched &= touched - 1
        columns, rows = load(places, pixel), load(places, PIXELS + pixel)
        across = fma(columns, ellipse.l1, fma(rows, ellipse.l2, ellipse.across))
        down = fma(rows, ellipse.l3, ellipse.down)
        power = fnma(across, across, fnma(down, down, ellipse.reach))
        alpha = minimum(exp2(power, constants.rounder, constants.exp2), constants.max_alpha)
        store(state, pixel * planes + plane, select(is_positive(power), alpha, ZERO))


@inline_jit
def absorb(alpha: Any, transmittance: Any, constants: Constants) -> Any:
    """Composite one Gaussian into the transmittance of a cell.

    A pixel is finished as soon as its transmittance is at most TRANSMITTANCE_MIN. It keeps
    decreasing then, so that the pixel stays so.

    Args:
        alpha: Its alphas.
        transmittance: Transmittance in front of it.
        constants: Result of `load_constants`.

    Returns:
        Weights, the transmittance behind, and the mask of pixels that are not finished.
    """
    weight = alpha * transmittance
    rest = transmittance - weight
    is_open = rest > constants.transmittance_min
    return select(is_open, weight, ZERO), rest, is_open
