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
    broadcast,
    broadcast_load,
    count_trailing_zeros,
    fma,
    fnma,
    load,
    minimum,
    prefetch,
    reciprocal,
    select,
    store,
    store_sums,
)
from gaussrep.kernels.simd.memory import allocate
from gaussrep.kernels.threads import NONE, Tasks, claim
from gaussrep.rendering.cpu.cells import prefetch_images
from gaussrep.rendering.cpu.features import FeatureWorkspace, allocate_features
from gaussrep.rendering.cpu.features_backward import (
    exchange,
    features_vjp,
    load_feature_gradients,
    weights_vjp,
)
from gaussrep.rendering.cpu.layout import (
    BLOCK_SIZE,
    BLUE,
    CELL_WIDTH,
    D_DEPTH,
    DEPTH,
    FEATURES_START,
    FIRST_SLOT,
    GREEN,
    PIXELS,
    RECORD_SIZE,
    RED,
    ROW_SLOTS,
    TILE,
    ZERO,
    Bins,
    GradientBuffers,
    Grid,
    ImageBuffers,
    Splats,
)
from gaussrep.rendering.cpu.order import (
    OrderSettings,
    OrderWorkspace,
    allocate_order,
    clear_order,
    finish_order,
    order_total,
    order_vjp,
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
    write_alphas,
)
from gaussrep.rendering.cpu.tile_gradients import (
    BEHIND,
    GRAD,
    GRAD_OUT_ALPHA,
    GRAD_OUT_BLUE,
    GRAD_OUT_DEPTH,
    GRAD_OUT_GREEN,
    GRAD_OUT_RED,
    PLANES,
    TRANSMITTANCE,
    WEIGHT,
    load_tile,
)


class TileWorkspace(NamedTuple):
    """Working memory of a thread for one tile; it fits the caches."""

    state: np.ndarray
    """State of each cell, at the offsets above."""
    places: np.ndarray
    """Result of `allocate_places`."""
    touched: np.ndarray
    """Cells that each Gaussian of a chunk overlaps, see `find_cells`."""
    slots: np.ndarray
    """First float of each Gaussian's slot, [CHUNK]."""
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
    order: OrderSettings | None,
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
        order: Settings of the gradient to the order in depth, if it is estimated.
    """
    work = allocate_features(features, True)
    order_work = allocate_order(order)
    workspace = TileWorkspace(
        allocate(PLANES * PIXELS, np.float32),
        allocate_places(),
        allocate(CHUNK, np.int64),
        allocate(CHUNK, np.int64),
        copy_constants(),
    )
    while True:
        tile = claim(tasks)
        if tile == NONE:
            return
        image, place = divmod(tile, grid.columns * grid.rows)
        row, column = divmod(place, grid.columns)
        x, y = column * TILE, row * TILE
        if column + 1 < grid.columns:
            prefetch_images(image, x + TILE, y, grid, images)
            prefetch_images(image, x + TILE, y, grid, grad_outputs)
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
        if order is not None:
            clear_order(bins.ends[tile] - bins.starts[tile], order_work)
        spare = len(buffers.sums) - (tasks.thread + 1) * buffers.size
        _tile_vjp(
            tile,
            image,
            row,
            column,
            features,
            grid,
            splats,
            bins,
            images,
            grad_outputs,
            buffers,
            workspace,
            work,
            spare,
            order_work,
        )
        if order is not None:
            finish_order(order_work)
            _add_order(tile, image, row, column, splats, bins, buffers, workspace, order_work)


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
    images: ImageBuffers,
    grad_outputs: ImageBuffers,
    buffers: GradientBuffers,
    workspace: TileWorkspace,
    work: FeatureWorkspace | None,
    spare: int,
    order: OrderWorkspace | None,
) -> None:
    """Write the gradients of a tile to the slots of all Gaussians in its list."""
    base = image * splats.depths.shape[1]
    x, y = column * TILE, row * TILE
    cells = cells_inside(grid.width - x, grid.height - y)
    for start in range(bins.starts[tile], bins.ends[tile], CHUNK):
        if start > bins.starts[tile] and cells:
            cells = open_cells(workspace.state, PLANES)
        members = bins.members[start : minimum(bins.ends[tile], start + CHUNK)]
        find_cells(members, splats.records, base, x, y, cells, workspace.touched)
        _find_slots(members, splats, buffers, image, row, column, workspace.slots)
        if features is not None:
            first = image // (len(splats.depths) // features.shape[0]) * splats.depths.shape[1]
            weights_vjp(
                members,
                features,
                first,
                workspace.touched,
                work,
                image,
                x + TILE,
                y,
                images.features,
                grad_outputs.features,
            )
        rank = start - bins.starts[tile]
        _chunk_vjp(
            members,
            splats.records,
            base,
            x,
            y,
            cells,
            buffers,
            workspace,
            work,
            rank,
            order,
        )
        if features is not None:
            features_vjp(buffers.sums, workspace.slots, spare + FEATURES_START, work)


@inline_jit
def _find_slots(
    members: np.ndarray,
    splats: Splats,
    buffers: GradientBuffers,
    image: int,
    row: int,
    column: int,
    slots: np.ndarray,
) -> None:
    """Find the slots of a chunk's Gaussians, and prefetch them: they are far apart."""
    base = image * splats.depths.shape[1]
    for k in range(len(members)):
        at = (base + members[k]) * RECORD_SIZE
        place = splats.integers[at + FIRST_SLOT] + row * np.int64(splats.integers[at + ROW_SLOTS])
        slots[k] = buffers.size * (buffers.starts[image, members[k] // BLOCK_SIZE] + place + column)
        for at in range(0, buffers.size, TILE):
            prefetch(buffers.sums, slots[k] + at)


@inline_jit
def _add_order(
    tile: int,
    image: int,
    row: int,
    column: int,
    splats: Splats,
    bins: Bins,
    buffers: GradientBuffers,
    workspace: TileWorkspace,
    order: OrderWorkspace,
) -> None:
    """Add the totals of a tile's Gaussians to the gradients to their depths."""
    for start in range(bins.starts[tile], bins.ends[tile], CHUNK):
        members = bins.members[start : minimum(bins.ends[tile], start + CHUNK)]
        _find_slots(members, splats, buffers, image, row, column, workspace.slots)
        for k in range(len(members)):
            total = order_total(start - bins.starts[tile] + k, order)
            buffers.sums[workspace.slots[k] + D_DEPTH] += total


@inline_jit
def _chunk_vjp(
    members: np.ndarray,
    records: np.ndarray,
    base: int,
    x: int,
    y: int,
    cells: int,
    buffers: GradientBuffers,
    workspace: TileWorkspace,
    work: FeatureWorkspace | None,
    rank: int,
    order: OrderWorkspace | None,
) -> None:
    """Write the gradients of a chunk, in the cells that are not finished, to its slots."""
    for k in range(len(members)):
        if k and k % STRIDE == 0 and cells:
            cells = open_cells(workspace.state, PLANES)
        touched, slot = workspace.touched[k] & cells, workspace.slots[k]
        if touched:
            at = (base + members[k]) * RECORD_SIZE
            ellipse = load_ellipse(records, at, x, y)
            _gaussian_vjp(
                touched,
                ellipse,
                records,
                at,
                workspace,
                work,
                buffers.sums,
                slot,
                rank + k,
                order,
            )
            _clear(buffers, slot + FEATURES_START, slot + buffers.size)
        else:
            _clear(buffers, slot, slot + buffers.size)


@inline_jit
def _clear(buffers: GradientBuffers, start: int, end: int) -> None:
    for at in range(start, end):
        buffers.sums[at] = ZERO


@inline_jit
def _gaussian_vjp(
    touched: int,
    ellipse: Ellipse,
    records: np.ndarray,
    record: int,
    workspace: TileWorkspace,
    work: FeatureWorkspace | None,
    values: np.ndarray,
    slot: int,
    rank: int,
    order: OrderWorkspace | None,
) -> None:
    """Composite one Gaussian over its cells and write the sums of its gradients to its slot."""
    _cells_vjp(touched, ellipse, records, record, workspace, work, rank, order)
    state, places = workspace.state, workspace.places
    m0 = m_x = m_y = m_xx = m_xy = m_yy = broadcast(ZERO)
    red = green = blue = depth = broadcast(ZERO)
    while touched:
        pixel = count_trailing_zeros(touched) * CELL_WIDTH
        at = pixel * PLANES
        touched &= touched - 1
        weight, grad = load(state, at + WEIGHT), load(state, at + GRAD)
        dx = ellipse.dx + load(places, pixel)
        dy = ellipse.dy + load(places, PIXELS + pixel)
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
    touched: int,
    ellipse: Ellipse,
    records: np.ndarray,
    record: int,
    workspace: TileWorkspace,
    work: FeatureWorkspace | None,
    rank: int,
    order: OrderWorkspace | None,
) -> None:
    """Composite one Gaussian over its cells; write its weights and log-opacity gradients there.

    The sums over cells are taken afterwards: together, the two loops need more registers than most
    machines have.
    """
    state, constants = workspace.state, load_constants(workspace.constants)
    write_alphas(touched, ellipse, workspace.places, constants, state, WEIGHT, PLANES)
    depth, red = broadcast_load(records, record + DEPTH), broadcast_load(records, record + RED)
    green, blue = broadcast_load(records, record + GREEN), broadcast_load(records, record + BLUE)
    while touched:
        pixel = count_trailing_zeros(touched) * CELL_WIDTH
        at = pixel * PLANES
        touched &= touched - 1
        alpha = load(state, at + WEIGHT)
        weight, rest, is_open = absorb(alpha, load(state, at + TRANSMITTANCE), constants)
        store(state, at + TRANSMITTANCE, rest)
        store(state, at + WEIGHT, weight)
        value = fma(load(state, at + GRAD_OUT_DEPTH), depth, load(state, at + GRAD_OUT_ALPHA))
        value = fma(load(state, at + GRAD_OUT_RED), red, value)
        value = fma(load(state, at + GRAD_OUT_GREEN), green, value)
        value = fma(load(state, at + GRAD_OUT_BLUE), blue, value)
        if work is not None:
            value = value + exchange(pixel, weight, work)
        if order is not None:
            order_vjp(pixel, alpha, weight, value, depth, rank, order)
        behind = fnma(weight, value, load(state, at + BEHIND))
        store(state, at + BEHIND, behind)
        grad = fnma(behind, alpha * reciprocal(constants.one - alpha), weight * value)
        is_free = is_open & (constants.max_alpha > alpha)
        store(state, at + GRAD, select(is_free, grad, ZERO))
