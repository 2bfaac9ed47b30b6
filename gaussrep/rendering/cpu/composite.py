"""Compositing of tiles, front to back."""

from typing import Any, NamedTuple

import numpy as np

from gaussrep.kernels.jit import inline_jit, kernel
from gaussrep.kernels.simd import (
    WIDTH,
    broadcast,
    broadcast_load,
    count_trailing_zeros,
    fma,
    load,
    maximum,
    minimum,
    select,
    store,
)
from gaussrep.kernels.simd.memory import allocate
from gaussrep.kernels.threads import NONE, Tasks, claim
from gaussrep.rendering.cpu.cells import (
    cell_column,
    cell_row,
    pixel_offset,
    prefetch_images,
    store_cell,
    store_colors,
)
from gaussrep.rendering.cpu.features import (
    FeatureWorkspace,
    allocate_features,
    append_weights,
    clear_features,
    clear_lists,
    composite_features,
    write_features,
)
from gaussrep.rendering.cpu.layout import (
    BLUE,
    CELL_WIDTH,
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
from gaussrep.rendering.cpu.tile import (
    CHUNK,
    STRIDE,
    Ellipse,
    absorb,
    allocate_places,
    cells_inside,
    copy_constants,
    find_cells,
    load_constants,
    load_ellipse,
    open_cells,
    pixels_inside,
    write_alphas,
)

PLANES = 7
TRANSMITTANCE, WEIGHT_SUM, DEPTH_SUM, RED_SUM, GREEN_SUM, BLUE_SUM, ALPHA = (
    plane * WIDTH for plane in range(PLANES)
)
"""Offsets in a cell's state: transmittance, sums of weights, of weighted depths and colors; alphas
of one Gaussian."""
NO_RANK = np.float32(-1)


class TileWorkspace(NamedTuple):
    """Working memory of a thread for one tile; it fits the caches."""

    state: np.ndarray
    """State of each cell, at the offsets above."""
    places: np.ndarray
    """Result of `allocate_places`."""
    touched: np.ndarray
    """Cells that each Gaussian of a chunk overlaps, see `find_cells`."""
    constants: np.ndarray
    """Copy of `CONSTANTS`."""
    ranks: np.ndarray
    """Rank of the Gaussian at the median depth of each pixel: its place in the tile's list, or
    `NO_RANK`. It is the last Gaussian in front of which more than half of the light is left."""


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
        medians: Output, if requested: the last Gaussian in front of which more than half of the
            light is left, or -1, int32 [I, H, W].
    """
    count = len(records) // (RECORD_SIZE * maximum(1, len(background)))
    work = allocate_features(features, False)
    workspace = TileWorkspace(
        allocate(PLANES * PIXELS, np.float32),
        allocate_places(),
        allocate(CHUNK, np.int64),
        copy_constants(),
        allocate(PIXELS, np.float32),
    )
    while True:
        tile = claim(tasks)
        if tile == NONE:
            return
        image, place = divmod(tile, grid.columns * grid.rows)
        x, y = place % grid.columns * TILE, place // grid.columns * TILE
        inside = cells_inside(grid.width - x, grid.height - y)
        prefetch_images(image, x, y, grid, images)
        _clear(workspace.state, grid.width - x, grid.height - y)
        if medians is not None:
            _clear_ranks(workspace.ranks)
        scene = 0
        if features is not None:
            clear_features(work)
            clear_lists(work)
            scene = image // (len(background) // features.shape[0]) * count
        start, end = bins.starts[tile], bins.ends[tile]
        cells = inside
        while start < end and cells:
            taken = minimum(end - start, CHUNK)
            members = bins.members[start : start + taken]
            find_cells(members, records, image * count, x, y, cells, workspace.touched)
            first = start - bins.starts[tile]
            _composite_chunk(
                members, records, image * count, x, y, cells, workspace, work, scene, medians, first
            )
            if features is not None:
                composite_features(features, work)
            start += taken
            if start < end:
                cells = open_cells(workspace.state, PLANES)
        _write_tile(image, x, y, workspace.state, background, grid, images)
        if features is not None:
            write_features(image, x, y, work, images.features)
        if medians is not None:
            members = bins.members[bins.starts[tile] : end]
            _write_medians(image, x, y, workspace.ranks, members, grid, medians)


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
    records: np.ndarray,
    base: int,
    x: int,
    y: int,
    cells: int,
    workspace: TileWorkspace,
    work: FeatureWorkspace | None,
    scene: int,
    medians: np.ndarray | None,
    first: int,
) -> None:
    """Composite a chunk of Gaussians over the cells that are not finished.

    `touched` becomes the cells to which each is composited.
    """
    for k in range(len(members)):
        if k and k % STRIDE == 0:
            cells = open_cells(workspace.state, PLANES)
        touched = workspace.touched[k] & cells
        workspace.touched[k] = touched
        if touched:
            at = (base + members[k]) * RECORD_SIZE
            ellipse = load_ellipse(records, at, x, y)
            start = 0 if work is None else (scene + members[k]) * (len(work.pixels) // PIXELS)
            _composite_gaussian(
                touched, ellipse, records, at, workspace, work, start, medians, first + k
            )


@inline_jit
def _composite_gaussian(
    touched: int,
    ellipse: Ellipse,
    records: np.ndarray,
    record: int,
    workspace: TileWorkspace,
    work: FeatureWorkspace | None,
    start: int,
    medians: np.ndarray | None,
    rank: int,
) -> None:
    """Composite one Gaussian over its cells.

    Cells do not wait for each other, as Gaussians over one cell would.
    """
    state, constants = workspace.state, load_constants(workspace.constants)
    write_alphas(touched, ellipse, workspace.places, constants, state, ALPHA, PLANES)
    depth, red = broadcast_load(records, record + DEPTH), broadcast_load(records, record + RED)
    green, blue = broadcast_load(records, record + GREEN), broadcast_load(records, record + BLUE)
    while touched:
        pixel = count_trailing_zeros(touched) * CELL_WIDTH
        at = pixel * PLANES
        touched &= touched - 1
        alpha, transmittance = load(state, at + ALPHA), load(state, at + TRANSMITTANCE)
        if medians is not None:
            is_before = (alpha > ZERO) & (transmittance > HALF)
            _update_ranks(workspace.ranks, pixel, is_before, rank)
        weight, rest, _ = absorb(alpha, transmittance, constants)
        store(state, at + TRANSMITTANCE, rest)
        store(state, at + WEIGHT_SUM, load(state, at + WEIGHT_SUM) + weight)
        store(state, at + DEPTH_SUM, fma(weight, depth, load(state, at + DEPTH_SUM)))
        store(state, at + RED_SUM, fma(weight, red, load(state, at + RED_SUM)))
        store(state, at + GREEN_SUM, fma(weight, green, load(state, at + GREEN_SUM)))
        store(state, at + BLUE_SUM, fma(weight, blue, load(state, at + BLUE_SUM)))
        if work is not None:
            append_weights(pixel, weight, start, work)


@inline_jit
def _write_tile(
    image: int, x: int, y: int, state: np.ndarray, background: Any, grid: Grid, images: ImageBuffers
) -> None:
    """Write alpha, depth and color of a tile to the images."""
    for cell in range(CELLS):
        left, top, at = x + cell_column(cell), y + cell_row(cell), cell * PLANES * WIDTH
        columns, rows = grid.width - left, grid.height - top
        pixel = (image * grid.height + top) * grid.width + left
        alpha = load(state, at + WEIGHT_SUM)
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


@inline_jit
def _clear_ranks(ranks: np.ndarray) -> None:
    """Reset the ranks."""
    for at in range(0, PIXELS, WIDTH):
        store(ranks, at, broadcast(NO_RANK))


@inline_jit
def _update_ranks(ranks: np.ndarray, at: int, is_before: Any, rank: int) -> None:
    """Set the rank of a cell's pixels, of which `at` is the first, where more light is left."""
    store(ranks, at, select(is_before, broadcast(np.float32(rank)), load(ranks, at)))


@inline_jit
def _write_medians(
    image: int,
    x: int,
    y: int,
    ranks: np.ndarray,
    members: np.ndarray,
    grid: Grid,
    medians: np.ndarray,
) -> None:
    """Write the Gaussians of a tile to the image; -1 where there is none."""
    for row in range(minimum(TILE, grid.height - y)):
        for column in range(minimum(TILE, grid.width - x)):
            rank = np.int64(ranks[pixel_offset(row, column)])
            found = members[rank] if rank >= 0 else np.int32(-1)
            medians[image, y + row, x + column] = found
