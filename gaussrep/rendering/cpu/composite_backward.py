"""Backward pass of compositing: gradients of each tile to each of its Gaussians.

A tile is composited front to back again. Every pixel keeps its transmittance T and the
gradient-weighted sum S of everything behind; for a Gaussian of weight w = alpha T and
gradient-weighted value v, the gradient to its log-opacity is w v - S alpha / (1 - alpha), S taken
after it. The initial S follows from the rendered image. The sums over a tile's pixels go to a slot
for every pair of tile and Gaussian: threads never write to the same memory, and results are bitwise
reproducible.
"""

from typing import NamedTuple

import numpy as np

from gaussrep.kernels.jit import inline_jit, kernel
from gaussrep.kernels.simd import (
    WIDTH,
    broadcast,
    broadcast_load,
    count_trailing_zeros,
    fma,
    fnma,
    load,
    maximum,
    movemask,
    prefetch,
    reciprocal,
    select,
    store,
    store_sums,
)
from gaussrep.kernels.threads import NONE, Tasks, claim
from gaussrep.rendering.cpu.cells import (
    cell_column,
    cell_row,
    lane_columns,
    lane_rows,
    load_cell,
    load_colors,
)
from gaussrep.rendering.cpu.features import (
    FeatureWorkspace,
    allocate_features,
    features_vjp,
    load_feature_gradients,
    weights_vjp,
)
from gaussrep.rendering.cpu.layout import (
    BLOCK_SIZE,
    BLUE,
    CELLS,
    DEPTH,
    FEATURES_START,
    GREEN,
    ONE,
    PIXELS,
    RED,
    TILE,
    ZERO,
    Bins,
    GradientBuffers,
    Grid,
    ImageBuffers,
    Splats,
)
from gaussrep.rendering.cpu.tile import (
    CHUNK,
    CONSTANTS,
    DX,
    DY,
    LOCAL_SIZE,
    absorb,
    cells_inside,
    gaussian_alpha,
    load_constants,
    load_gaussians,
    pixels_inside,
)

PLANES = 11
(
    TRANSMITTANCE,
    BEHIND,
    GRAD_OUT_DEPTH,
    GRAD_OUT_ALPHA,
    GRAD_OUT_RED,
    GRAD_OUT_GREEN,
    GRAD_OUT_BLUE,
    COLUMN,
    ROW,
    WEIGHT,
    GRAD,
) = (plane * WIDTH for plane in range(PLANES))
"""Offsets in a cell's state: T, S, gradients to sums of weighted depth, weight and color, place in
the tile; of one Gaussian its weight and the gradient to its log-opacity."""

STRIDE = 16
"""Gaussians between two checks whether the tile is finished."""


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
    constants: np.ndarray
    """Copy of `CONSTANTS`."""


@kernel
def composite_backward(
    tasks: Tasks,
    features: np.ndarray | None,
    background: np.ndarray,
    grid: Grid,
    splats: Splats,
    bins: Bins,
    images: ImageBuffers,
    grad_outputs: ImageBuffers,
    buffers: GradientBuffers,
) -> None:
    """Compute the gradients of all tiles; one task is a tile of one image.

    Args:
        tasks: Tiles of images.
        features: Padded features, float32 [S, N, C'], if the loss uses any.
        background: RGB behind the Gaussians, float32 [I, 3].
        grid: Size of the images.
        splats: Projected Gaussians.
        bins: Gaussians of each tile.
        images: The rendered images.
        grad_outputs: Gradients to the images; empty for outputs that the loss does not use.
        buffers: Output.
    """
    work = allocate_features(features, True)
    workspace = TileWorkspace(
        np.empty(PLANES * PIXELS, np.float32),
        np.empty(CHUNK * LOCAL_SIZE, np.float32),
        np.empty(CHUNK, np.int64),
        np.empty(CHUNK, np.int64),
        CONSTANTS.copy(),
    )
    while True:
        tile = claim(tasks)
        if tile == NONE:
            return
        image, place = divmod(tile, grid.columns * grid.rows)
        row, column = divmod(place, grid.columns)
        x, y = column * TILE, row * TILE
        if column + 1 < grid.columns:
            _prefetch_tile(image, x + TILE, y, grid, images, grad_outputs)
        _load_tile(
            image,
            x,
            y,
            background,
            grid,
            images,
            grad_outputs,
            workspace.state,
            buffers.background,
            tile,
        )
        if features is not None:
            load_feature_gradients(
                image,
                x,
                y,
                images.features,
                grad_outputs.features,
                work,
                workspace.state[BEHIND:],
                PLANES,
            )
        spare = len(buffers.sums) - (tasks.thread + 1) * buffers.size
        _tile_vjp(
            tile, image, row, column, features, grid, splats, bins, buffers, workspace, work, spare
        )


@inline_jit
def _tile_vjp(
    tile: int,
    image: int,
    row: int,
    column: int,
    features: np.ndarray | None,
    grid: Grid,
    splats: Splats,
    bins: Bins,
    buffers: GradientBuffers,
    workspace: TileWorkspace,
    work: FeatureWorkspace | None,
    spare: int,
) -> None:
    """Write the gradients of a tile to the slots of all Gaussians in its list."""
    count = splats.depths.shape[1]
    inside = cells_inside(grid.width - column * TILE, grid.height - row * TILE)
    touched = workspace.touched
    unfinished = True
    for start in range(bins.starts[tile], bins.ends[tile], CHUNK):
        members = bins.members[start : min(bins.ends[tile], start + CHUNK)]
        if unfinished:
            load_gaussians(
                members,
                splats.records,
                image * count,
                column * TILE,
                row * TILE,
                inside,
                workspace.local,
                touched,
            )
            if features is not None:
                base = image // (len(splats.depths) // features.shape[0]) * count
                weights_vjp(members, features, base, touched, workspace.touching, work)
        composited = 0
        for k in range(len(members)):
            if k % STRIDE == 0 and unfinished:
                unfinished = _is_unfinished(workspace.state)
            slot = buffers.size * _slot_index(splats, buffers, image, members[k], column, row)
            if work is not None:
                work.slots[k] = slot + FEATURES_START
            if not unfinished or touched[k] == 0:
                _clear(buffers, slot, slot + buffers.size)
            else:
                _gaussian_vjp(k, touched[k], workspace, work, buffers.sums, slot)
                _clear(buffers, slot + FEATURES_START, slot + buffers.size)
            composited += unfinished
        if features is not None:
            features_vjp(
                composited,
                touched,
                workspace.touching,
                buffers.sums,
                spare + FEATURES_START,
                work,
            )


@inline_jit
def _slot_index(
    splats: Splats, buffers: GradientBuffers, image: int, n: int, column: int, row: int
) -> int:
    """Index of the slot of a Gaussian and a tile; a Gaussian's slots are row by row of its box."""
    splat = image * splats.depths.shape[1] + n
    left, top, right = splats.boxes[splat, 0], splats.boxes[splat, 1], splats.boxes[splat, 2]
    place = (row - top) * (right - left) + column - left
    return buffers.starts[image, n // BLOCK_SIZE] + splats.tile_offset[splat] + place


@inline_jit
def _clear(buffers: GradientBuffers, start: int, end: int) -> None:
    for at in range(start, end):
        buffers.sums[at] = ZERO


@inline_jit
def _is_unfinished(state: np.ndarray) -> bool:
    largest = broadcast(ZERO)
    for cell in range(CELLS):
        largest = maximum(largest, load(state, cell * PLANES * WIDTH + TRANSMITTANCE))
    return movemask(largest > ZERO) != 0


@inline_jit
def _prefetch_tile(
    image: int, x: int, y: int, grid: Grid, images: ImageBuffers, grad_outputs: ImageBuffers
) -> None:
    """Request what `_load_tile` reads of the next tile, which takes long to arrive."""
    for row in range(y, min(y + TILE, grid.height)):
        pixel = (image * grid.height + row) * grid.width + x
        prefetch(images.alpha, pixel)
        prefetch(images.depth, pixel)
        for part in range(0, 3 * TILE, TILE):
            prefetch(images.color, 3 * pixel + part)
            if grad_outputs.color.size:
                prefetch(grad_outputs.color, 3 * pixel + part)
        if grad_outputs.alpha.size:
            prefetch(grad_outputs.alpha, pixel)
        if grad_outputs.depth.size:
            prefetch(grad_outputs.depth, pixel)


@inline_jit
def _load_tile(
    image: int,
    x: int,
    y: int,
    background: np.ndarray,
    grid: Grid,
    images: ImageBuffers,
    grad_outputs: ImageBuffers,
    state: np.ndarray,
    background_sums: np.ndarray,
    tile: int,
) -> None:
    """Initialize a tile's state; sum the gradient to the background."""
    red, green, blue = background[image, 0], background[image, 1], background[image, 2]
    grad_red = grad_green = grad_blue = broadcast(ZERO)
    stride = grid.width
    for cell in range(CELLS):
        left, top, at = x + cell_column(cell), y + cell_row(cell), cell * PLANES * WIDTH
        columns, rows = grid.width - left, grid.height - top
        color_columns = columns if grad_outputs.color.size else 0
        alpha_columns = columns if grad_outputs.alpha.size else 0
        depth_columns = columns if grad_outputs.depth.size else 0
        pixel = (image * grid.height + top) * grid.width + left
        reds, greens, blues = load_colors(images.color, pixel, stride, columns, rows)
        grad_out_red, grad_out_green, grad_out_blue = load_colors(
            grad_outputs.color, pixel, stride, color_columns, rows
        )
        alpha = load_cell(images.alpha, pixel, stride, columns, rows)
        rest = load_cell(grad_outputs.alpha, pixel, stride, alpha_columns, rows)
        grad_out_depth = load_cell(grad_outputs.depth, pixel, stride, depth_columns, rows)
        grad_out_depth = grad_out_depth / select(alpha > ZERO, alpha, ONE)
        behind = fma(grad_out_red, reds - red, rest * alpha)
        behind = fma(grad_out_blue, blues - blue, fma(grad_out_green, greens - green, behind))
        rest = fnma(grad_out_blue, blue, fnma(grad_out_green, green, fnma(grad_out_red, red, rest)))
        rest = fnma(grad_out_depth, load_cell(images.depth, pixel, stride, columns, rows), rest)
        is_inside = pixels_inside(columns, rows)
        store(state, at + TRANSMITTANCE, select(is_inside, ONE, ZERO))
        store(state, at + BEHIND, behind)
        store(state, at + GRAD_OUT_DEPTH, grad_out_depth)
        store(state, at + GRAD_OUT_ALPHA, rest)
        store(state, at + GRAD_OUT_RED, grad_out_red)
        store(state, at + GRAD_OUT_GREEN, grad_out_green)
        store(state, at + GRAD_OUT_BLUE, grad_out_blue)
        store(state, at + COLUMN, lane_columns() + np.float32(cell_column(cell)))
        store(state, at + ROW, lane_rows() + np.float32(cell_row(cell)))
        grad_red = fma(grad_out_red, ONE - alpha, grad_red)
        grad_green = fma(grad_out_green, ONE - alpha, grad_green)
        grad_blue = fma(grad_out_blue, ONE - alpha, grad_blue)
    store_sums(background_sums, tile * TILE, (grad_red, grad_green, grad_blue))


@inline_jit
def _gaussian_vjp(
    k: int,
    touched: int,
    workspace: TileWorkspace,
    work: FeatureWorkspace | None,
    values: np.ndarray,
    slot: int,
) -> None:
    """Composite one Gaussian over its cells and write the sums of its gradients to its slot."""
    _cells_vjp(k, touched, workspace, work)
    local, state, record = workspace.local, workspace.state, k * LOCAL_SIZE
    m0 = m_x = m_y = m_xx = m_xy = m_yy = broadcast(ZERO)
    red = green = blue = depth = broadcast(ZERO)
    left, top = broadcast_load(local, record + DX), broadcast_load(local, record + DY)
    while touched:
        at = count_trailing_zeros(touched) * PLANES * WIDTH
        touched &= touched - 1
        weight, grad = load(state, at + WEIGHT), load(state, at + GRAD)
        dx, dy = left + load(state, at + COLUMN), top + load(state, at + ROW)
        grad_dx, grad_dy = grad * dx, grad * dy
        m0 = m0 + grad
        m_x, m_y = m_x + grad_dx, m_y + grad_dy
        m_xx, m_xy, m_yy = fma(grad_dx, dx, m_xx), fma(grad_dx, dy, m_xy), fma(grad_dy, dy, m_yy)
        red = fma(weight, load(state, at + GRAD_OUT_RED), red)
        green = fma(weight, load(state, at + GRAD_OUT_GREEN), green)
        blue = fma(weight, load(state, at + GRAD_OUT_BLUE), blue)
        depth = fma(weight, load(state, at + GRAD_OUT_DEPTH), depth)
    store_sums(values, slot, (m0, m_x, m_xx, m_y, m_xy, m_yy, red, green, blue, depth))


@inline_jit
def _cells_vjp(
    k: int, touched: int, workspace: TileWorkspace, work: FeatureWorkspace | None
) -> None:
    """Composite one Gaussian over its cells; write its weights and log-opacity gradients there.

    The sums over cells are taken afterwards: together, the two loops need more registers than most
    machines have.
    """
    local, state, record = workspace.local, workspace.state, k * LOCAL_SIZE
    constants = load_constants(workspace.constants)
    depth, red = broadcast_load(local, record + DEPTH), broadcast_load(local, record + RED)
    green, blue = broadcast_load(local, record + GREEN), broadcast_load(local, record + BLUE)
    while touched:
        at = count_trailing_zeros(touched) * PLANES * WIDTH
        touched &= touched - 1
        columns, rows = load(state, at + COLUMN), load(state, at + ROW)
        uncapped, is_visible = gaussian_alpha(local, record, columns, rows, constants)
        alpha, weight, rest, is_open = absorb(
            uncapped, is_visible, load(state, at + TRANSMITTANCE), constants
        )
        store(state, at + TRANSMITTANCE, rest)
        store(state, at + WEIGHT, weight)
        value = fma(load(state, at + GRAD_OUT_DEPTH), depth, load(state, at + GRAD_OUT_ALPHA))
        value = fma(load(state, at + GRAD_OUT_RED), red, value)
        value = fma(load(state, at + GRAD_OUT_GREEN), green, value)
        value = fma(load(state, at + GRAD_OUT_BLUE), blue, value)
        if work is not None:
            place = k * PIXELS + at // PLANES
            value = value + load(work.pairs, place)
            store(work.pairs, place, weight)
        behind = fnma(weight, value, load(state, at + BEHIND))
        store(state, at + BEHIND, behind)
        grad = fnma(behind, alpha * reciprocal(constants.one - alpha), weight * value)
        is_free = is_open & (uncapped <= constants.max_alpha)
        store(state, at + GRAD, select(is_free, grad, ZERO))
