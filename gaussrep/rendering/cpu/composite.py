"""Compositing of tiles, front to back."""

from typing import Any, NamedTuple

import numpy as np

from gaussrep.kernels.jit import inline_jit, kernel
from gaussrep.kernels.simd import (
    WIDTH,
    broadcast,
    broadcast_load,
    fma,
    load,
    movemask,
    select,
    store,
)
from gaussrep.kernels.threads import NONE, Tasks, claim
from gaussrep.rendering.cpu.cells import (
    cell_column,
    cell_row,
    lane_columns,
    lane_rows,
    store_cell,
    store_colors,
)
from gaussrep.rendering.cpu.features import (
    FeatureWorkspace,
    allocate_features,
    clear_features,
    composite_features,
    list_touching,
    write_features,
)
from gaussrep.rendering.cpu.layout import (
    BLUE,
    CELLS,
    DEPTH,
    GREEN,
    HALF,
    ONE,
    PIXELS,
    RECORD_SIZE,
    RED,
    TILE,
    ZERO,
    Bins,
    Grid,
    ImageBuffers,
)
from gaussrep.rendering.cpu.medians import (
    clear_ranks,
    update_ranks,
    write_medians,
)
from gaussrep.rendering.cpu.tile import (
    CHUNK,
    CONSTANTS,
    LOCAL_SIZE,
    absorb,
    cells_inside,
    gaussian_alpha,
    load_constants,
    load_gaussians,
    pixels_inside,
)

PLANES = 6
TRANSMITTANCE, ALPHA, DEPTH_SUM, RED_SUM, GREEN_SUM, BLUE_SUM = (
    plane * WIDTH for plane in range(PLANES)
)
"""Offsets in a cell's state: transmittance, sums of weights, of weighted depths and colors."""

STRIDE = 16
"""Gaussians between two checks whether a cell is finished."""


class TileWorkspace(NamedTuple):
    """Working memory of a thread for one tile; it fits the caches."""

    state: np.ndarray
    """State of each cell, at the offsets above."""
    local: np.ndarray
    """Gaussians of a chunk, see `load_gaussians`."""
    touched: np.ndarray
    """Cells that they overlap, see `load_gaussians`."""
    touching: np.ndarray
    """Gaussians that overlap one cell, [CHUNK]."""
    weights: np.ndarray
    """Their weights in its pixels, [CHUNK * WIDTH]."""
    constants: np.ndarray
    """Copy of `CONSTANTS`."""
    ranks: np.ndarray
    """Places of the Gaussians at the median depth, see `medians`."""


@kernel
def composite(
    tasks: Tasks,
    records: np.ndarray,
    features: np.ndarray | None,
    background: np.ndarray,
    grid: Grid,
    bins: Bins,
    images: ImageBuffers,
    medians: np.ndarray | None,
) -> None:
    """Composite all tiles; one task is a tile of one image.

    Args:
        tasks: Tiles of images.
        records: Projected Gaussians, float32 [I * N * RECORD].
        features: Padded features, float32 [S, N, C'], if there are any.
        background: RGB behind the Gaussians, float32 [I, 3].
        grid: Size of the images.
        bins: Gaussians of each tile.
        images: Output.
        medians: Output, if wanted: the last Gaussian in front of which more than half of the light
            is left, or -1, int32 [I, H, W].
    """
    count = len(records) // (RECORD_SIZE * max(1, len(background)))
    work = allocate_features(features, False)
    workspace = TileWorkspace(
        np.empty(PLANES * PIXELS, np.float32),
        np.empty(CHUNK * LOCAL_SIZE, np.float32),
        np.empty(CHUNK, np.int64),
        np.empty(CHUNK, np.int64),
        np.empty(CHUNK * WIDTH, np.float32),
        CONSTANTS.copy(),
        np.empty(PIXELS, np.float32),
    )
    while True:
        tile = claim(tasks)
        if tile == NONE:
            return
        image, place = divmod(tile, grid.columns * grid.rows)
        x, y = place % grid.columns * TILE, place // grid.columns * TILE
        inside = cells_inside(grid.width - x, grid.height - y)
        _clear(workspace.state, grid.width - x, grid.height - y)
        if medians is not None:
            clear_ranks(workspace.ranks)
        base = 0
        if features is not None:
            clear_features(work)
            base = image // (len(background) // features.shape[0]) * count
        start, end = bins.starts[tile], bins.ends[tile]
        unfinished = True
        while start < end and unfinished:
            taken = min(end - start, CHUNK)
            members = bins.members[start : start + taken]
            load_gaussians(
                members, records, image * count, x, y, inside, workspace.local, workspace.touched
            )
            first = start - bins.starts[tile]
            unfinished = _composite_chunk(members, features, base, workspace, work, medians, first)
            start += taken
        _write_tile(image, x, y, workspace.state, background, grid, images)
        if features is not None:
            write_features(image, x, y, work, images.features)
        if medians is not None:
            members = bins.members[bins.starts[tile] : end]
            write_medians(image, x, y, workspace.ranks, members, grid, medians)


@inline_jit
def _clear(state: np.ndarray, columns: int, rows: int) -> None:
    """Reset a tile: transmittance 1, but 0 outside the image, and all sums 0."""
    for at in range(0, len(state), WIDTH):
        store(state, at, broadcast(ZERO))
    for cell in range(CELLS):
        is_inside = pixels_inside(columns - cell_column(cell), rows - cell_row(cell))
        at = cell * PLANES * WIDTH + TRANSMITTANCE
        store(state, at, select(is_inside, ONE, ZERO))


@inline_jit
def _composite_chunk(
    members: np.ndarray,
    features: np.ndarray | None,
    base: int,
    workspace: TileWorkspace,
    work: FeatureWorkspace | None,
    medians: np.ndarray | None,
    first: int,
) -> bool:
    """Composite a chunk of Gaussians; return whether any pixel is unfinished."""
    unfinished = False
    for cell in range(CELLS):
        count = list_touching(cell, len(members), workspace.touched, workspace.touching)
        done = _composite_cell(cell, count, workspace, features, medians, first)
        if features is not None:
            touching, weights = workspace.touching[:done], workspace.weights
            composite_features(cell, touching, members, features, base, weights, work)
        at = cell * PLANES * WIDTH + TRANSMITTANCE
        unfinished |= movemask(load(workspace.state, at) > ZERO) != 0
    return unfinished


@inline_jit
def _composite_cell(
    cell: int,
    count: int,
    workspace: TileWorkspace,
    features: np.ndarray | None,
    medians: np.ndarray | None,
    first: int,
) -> int:
    """Composite Gaussians over one cell; return how many until all its pixels are finished."""
    at, local, state = cell * PLANES * WIDTH, workspace.local, workspace.state
    columns = lane_columns() + np.float32(cell_column(cell))
    rows = lane_rows() + np.float32(cell_row(cell))
    transmittance, alpha_sum = load(state, at + TRANSMITTANCE), load(state, at + ALPHA)
    depth, red = load(state, at + DEPTH_SUM), load(state, at + RED_SUM)
    green, blue = load(state, at + GREEN_SUM), load(state, at + BLUE_SUM)
    constants = load_constants(workspace.constants)
    done = 0
    while done < count and movemask(transmittance > ZERO) != 0:
        for i in range(done, min(done + STRIDE, count)):
            record = workspace.touching[i] * LOCAL_SIZE
            uncapped, is_visible = gaussian_alpha(local, record, columns, rows, constants)
            if medians is not None:
                is_before = is_visible & (transmittance > HALF)
                update_ranks(workspace.ranks, cell, is_before, first + workspace.touching[i])
            _, weight, transmittance, _ = absorb(uncapped, is_visible, transmittance, constants)
            alpha_sum = alpha_sum + weight
            depth = fma(weight, broadcast_load(local, record + DEPTH), depth)
            red = fma(weight, broadcast_load(local, record + RED), red)
            green = fma(weight, broadcast_load(local, record + GREEN), green)
            blue = fma(weight, broadcast_load(local, record + BLUE), blue)
            if features is not None:
                store(workspace.weights, i * WIDTH, weight)
        done = min(done + STRIDE, count)
    store(state, at + TRANSMITTANCE, transmittance)
    store(state, at + ALPHA, alpha_sum)
    store(state, at + DEPTH_SUM, depth)
    store(state, at + RED_SUM, red)
    store(state, at + GREEN_SUM, green)
    store(state, at + BLUE_SUM, blue)
    return done


@inline_jit
def _write_tile(
    image: int, x: int, y: int, state: np.ndarray, background: Any, grid: Grid, images: ImageBuffers
) -> None:
    """Write alpha, depth and color of a tile to the images."""
    for cell in range(CELLS):
        left, top, at = x + cell_column(cell), y + cell_row(cell), cell * PLANES * WIDTH
        columns, rows = grid.width - left, grid.height - top
        pixel = (image * grid.height + top) * grid.width + left
        alpha = load(state, at + ALPHA)
        store_cell(images.alpha, pixel, grid.width, columns, rows, alpha)
        depth = load(state, at + DEPTH_SUM) / select(alpha > ZERO, alpha, ONE)
        store_cell(images.depth, pixel, grid.width, columns, rows, depth)
        rest = ONE - alpha
        color = (
            fma(rest, background[image, 0], load(state, at + RED_SUM)),
            fma(rest, background[image, 1], load(state, at + GREEN_SUM)),
            fma(rest, background[image, 2], load(state, at + BLUE_SUM)),
        )
        store_colors(images.color, pixel, grid.width, columns, rows, color)
