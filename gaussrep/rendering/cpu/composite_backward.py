"""Backward pass of compositing: gradients of each tile to each of its Gaussians.

A tile is composited front to back again. Every pixel keeps its transmittance T and the
gradient-weighted sum S of everything behind; for a Gaussian of weight w = alpha T and
gradient-weighted value v, the gradient to its log-opacity is w v - S alpha / (1 - alpha), S taken
after it. The initial S follows from the rendered image. The sums over a tile's pixels go to a slot
for every pair of tile and Gaussian: threads never write to the same memory, and results are bitwise
reproducible.
"""

from typing import Any, NamedTuple

import numpy as np

from gaussrep.kernels.jit import inline_jit, kernel
from gaussrep.kernels.simd import (
    broadcast,
    deinterleave,
    fma,
    fnma,
    horizontal_sum,
    iota,
    load,
    load_masked,
    maximum,
    minimum,
    movemask,
    select,
    store,
    store_masked,
)
from gaussrep.kernels.threads import NONE, Tasks, claim
from gaussrep.rendering.cpu.features import features_vjp, load_feature_gradients, weights_vjp
from gaussrep.rendering.cpu.layout import (
    BLOCK_SIZE,
    BLUE,
    DEPTH,
    FEATURE_GROUP,
    FEATURES_START,
    GREEN,
    MAX_ALPHA,
    ONE,
    PIXELS,
    RED,
    TILE,
    TRANSMITTANCE_MIN,
    ZERO,
    Bins,
    GradientBuffers,
    Grid,
    ImageBuffers,
    Splats,
)
from gaussrep.rendering.cpu.tile import CHUNK, DX, DY, LOCAL_SIZE, gaussian_alpha, load_gaussians

(
    TRANSMITTANCE,
    BEHIND,
    GRAD_OUT_DEPTH,
    GRAD_OUT_ALPHA,
    GRAD_OUT_RED,
    GRAD_OUT_GREEN,
    GRAD_OUT_BLUE,
) = (plane * PIXELS for plane in range(7))
"""Offsets in a tile's state: T, S, and gradients to sums of weighted depth, weight and color."""

STRIDE = 16
"""Gaussians between two checks whether the tile is finished."""


class TileWorkspace(NamedTuple):
    """Working memory of a thread for one tile; it fits the caches."""

    state: np.ndarray
    """Planes of pixels, at the offsets above."""
    feature_grads: np.ndarray
    """Gradients to the features: a plane of pixels per channel."""
    local: np.ndarray
    """Gaussians of a chunk, see `load_gaussians`."""
    spans: np.ndarray
    """Rows of the tile that they overlap, see `load_gaussians`."""
    feature_values: np.ndarray
    """One Gaussian's features times their gradients, summed over channels, by row and pixel."""
    weights: np.ndarray
    """Its weights, by row and pixel."""


@kernel
def composite_backward(
    tasks: Tasks,
    features: np.ndarray,
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
        features: Features, float32 [S, N, C].
        background: RGB behind the Gaussians, float32 [I, 3].
        grid: Size of the images.
        splats: Projected Gaussians.
        bins: Gaussians of each tile.
        images: The rendered images.
        grad_outputs: Gradients to the images; empty for outputs that the loss does not use.
        buffers: Output.
    """
    scenes, count, channels = features.shape
    views = len(background) // max(1, scenes)
    workspace = TileWorkspace(
        np.empty(7 * PIXELS, np.float32),
        np.empty(-(-channels // FEATURE_GROUP) * FEATURE_GROUP * PIXELS, np.float32),
        np.empty(CHUNK * LOCAL_SIZE, np.float32),
        np.empty((CHUNK, 2), np.int64),
        np.empty(PIXELS, np.float32),
        np.empty(PIXELS, np.float32),
    )
    while True:
        tile = claim(tasks)
        if tile == NONE:
            return
        image, place = divmod(tile, grid.columns * grid.rows)
        row, column = divmod(place, grid.columns)
        x, y = column * TILE, row * TILE
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
        load_feature_gradients(
            image,
            x,
            y,
            images.features,
            grad_outputs.features,
            workspace.feature_grads,
            workspace.state,
        )
        start, end = bins.starts[tile], bins.ends[tile]
        unfinished = True
        while start < end:
            members = bins.members[start : min(end, start + CHUNK)]
            if unfinished:
                records, base = splats.records, image * count
                load_gaussians(
                    members, records, base, x, y, grid.height, workspace.local, workspace.spans
                )
            for k in range(len(members)):
                if k % STRIDE == 0 and unfinished:
                    unfinished = _is_unfinished(workspace.state)
                n = members[k]
                slot = buffers.size * _slot_index(splats, buffers, image, n, column, row)
                if not unfinished or workspace.spans[k, 1] == 0:
                    _clear(buffers, slot)
                    continue
                if channels:
                    scene = image // views
                    weights_vjp(
                        features,
                        scene,
                        n,
                        workspace.feature_grads,
                        workspace.spans,
                        k,
                        workspace.feature_values,
                    )
                _gaussian_vjp(k, workspace, buffers.sums, slot)
                if channels:
                    at = slot + FEATURES_START
                    features_vjp(
                        workspace.weights,
                        workspace.feature_grads,
                        workspace.spans,
                        k,
                        buffers.sums,
                        at,
                    )
            start += CHUNK


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
def _clear(buffers: GradientBuffers, slot: int) -> None:
    for at in range(slot, slot + buffers.size):
        buffers.sums[at] = ZERO


@inline_jit
def _is_unfinished(state: np.ndarray) -> bool:
    largest = broadcast(ZERO)
    for row in range(TILE):
        largest = maximum(largest, load(state, TRANSMITTANCE + row * TILE))
    return movemask(largest > ZERO) != 0


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
    width = grid.width - x
    color_width = width if grad_outputs.color.size else 0
    alpha_width = width if grad_outputs.alpha.size else 0
    depth_width = width if grad_outputs.depth.size else 0
    for at in range(0, len(state), TILE):
        store(state, at, broadcast(ZERO))
    for row in range(min(TILE, grid.height - y)):
        at, pixel = row * TILE, (image * grid.height + y + row) * grid.width + x
        reds, greens, blues = _load_colors(images.color, pixel, width)
        grad_out_red, grad_out_green, grad_out_blue = _load_colors(
            grad_outputs.color, pixel, color_width
        )
        alpha = load_masked(images.alpha, pixel, width)
        rest = load_masked(grad_outputs.alpha, pixel, alpha_width)
        grad_out_depth = load_masked(grad_outputs.depth, pixel, depth_width) / select(
            alpha > ZERO, alpha, ONE
        )
        behind = fma(grad_out_red, reds - red, rest * alpha)
        behind = fma(grad_out_blue, blues - blue, fma(grad_out_green, greens - green, behind))
        rest = fnma(grad_out_blue, blue, fnma(grad_out_green, green, fnma(grad_out_red, red, rest)))
        store_masked(state, TRANSMITTANCE + at, broadcast(ONE), width)
        store(state, BEHIND + at, behind)
        store(state, GRAD_OUT_DEPTH + at, grad_out_depth)
        store(
            state,
            GRAD_OUT_ALPHA + at,
            fnma(grad_out_depth, load_masked(images.depth, pixel, width), rest),
        )
        store(state, GRAD_OUT_RED + at, grad_out_red)
        store(state, GRAD_OUT_GREEN + at, grad_out_green)
        store(state, GRAD_OUT_BLUE + at, grad_out_blue)
        grad_red = fma(grad_out_red, ONE - alpha, grad_red)
        grad_green = fma(grad_out_green, ONE - alpha, grad_green)
        grad_blue = fma(grad_out_blue, ONE - alpha, grad_blue)
    store(background_sums, tile * TILE, horizontal_sum((grad_red, grad_green, grad_blue)))


@inline_jit
def _load_colors(colors: np.ndarray, pixel: int, width: int) -> Any:
    return deinterleave(
        load_masked(colors, 3 * pixel, 3 * width),
        load_masked(colors, 3 * pixel + TILE, 3 * width - TILE),
        load_masked(colors, 3 * pixel + 2 * TILE, 3 * width - 2 * TILE),
    )


@inline_jit
def _gaussian_vjp(k: int, workspace: TileWorkspace, values: np.ndarray, slot: int) -> None:
    """Composite one Gaussian over its rows and write the sums of its gradients to its slot."""
    local, state, record = workspace.local, workspace.state, k * LOCAL_SIZE
    m0 = m_y = m_yy = grad_red = grad_green = grad_blue = grad_depth = broadcast(ZERO)
    for row in range(workspace.spans[k, 0], workspace.spans[k, 1]):
        at = row * TILE
        uncapped, is_visible = gaussian_alpha(local, record, row)
        alpha = select(is_visible, minimum(uncapped, broadcast(MAX_ALPHA)), ZERO)
        transmittance, behind = load(state, TRANSMITTANCE + at), load(state, BEHIND + at)
        grad_out_red, grad_out_green = (
            load(state, GRAD_OUT_RED + at),
            load(state, GRAD_OUT_GREEN + at),
        )
        grad_out_blue, grad_out_depth = (
            load(state, GRAD_OUT_BLUE + at),
            load(state, GRAD_OUT_DEPTH + at),
        )
        weight = alpha * transmittance
        next_transmittance = transmittance - weight
        is_open = next_transmittance > TRANSMITTANCE_MIN
        weight = select(is_open, weight, ZERO)
        store(state, TRANSMITTANCE + at, select(is_open, next_transmittance, ZERO))
        value = fma(grad_out_depth, local[record + DEPTH], load(state, GRAD_OUT_ALPHA + at))
        value = fma(grad_out_red, local[record + RED], value)
        value = fma(grad_out_green, local[record + GREEN], value)
        value = fma(grad_out_blue, local[record + BLUE], value)
        if len(workspace.feature_grads):
            value = value + load(workspace.feature_values, at)
            store(workspace.weights, at, weight)
        behind = fnma(weight, value, behind)
        store(state, BEHIND + at, behind)
        grad_log_opacity = fnma(behind, alpha / (ONE - alpha), weight * value)
        grad_log_opacity = select(is_open & (uncapped <= MAX_ALPHA), grad_log_opacity, ZERO)
        dy = local[record + DY] + np.float32(row)
        m0 = m0 + grad_log_opacity
        grad_dy = grad_log_opacity * dy
        m_y = m_y + grad_dy
        m_yy = fma(grad_dy, dy, m_yy)
        grad_red = fma(weight, grad_out_red, grad_red)
        grad_green = fma(weight, grad_out_green, grad_green)
        grad_blue = fma(weight, grad_out_blue, grad_blue)
        grad_depth = fma(weight, grad_out_depth, grad_depth)
    dx = iota() + local[record + DX]
    m_x = m0 * dx
    moments = (m0, m_x, m_x * dx, m_y, m_y * dx, m_yy)
    store(values, slot, horizontal_sum((*moments, grad_red, grad_green, grad_blue, grad_depth)))
