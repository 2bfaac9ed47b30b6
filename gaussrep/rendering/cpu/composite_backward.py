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
    reciprocal,
    select,
    store,
    store_sums,
)
from gaussrep.kernels.threads import NONE, Tasks, claim
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
)
from gaussrep.rendering.cpu.tile_gradients import (
    BEHIND,
    COLUMN,
    GRAD,
    GRAD_OUT_ALPHA,
    GRAD_OUT_BLUE,
    GRAD_OUT_DEPTH,
    GRAD_OUT_GREEN,
    GRAD_OUT_RED,
    PLANES,
    ROW,
    TRANSMITTANCE,
    WEIGHT,
    load_tile,
    prefetch_tile,
)

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
            prefetch_tile(image, x + TILE, y, grid, images, grad_outputs)
        load_tile(
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
