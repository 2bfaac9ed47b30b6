"""Loading of a tile's pixels and of the gradients to them, for the backward pass."""

import numpy as np

from gaussrep.kernels.jit import inline_jit
from gaussrep.kernels.simd import (
    WIDTH,
    broadcast,
    fma,
    fnma,
    select,
    store,
    store_sums,
)
from gaussrep.rendering.cpu.cells import (
    cell_column,
    cell_row,
    load_cell,
    load_colors,
)
from gaussrep.rendering.cpu.layout import (
    CELLS,
    ONE,
    TILE,
    ZERO,
    Grid,
    ImageBuffers,
)
from gaussrep.rendering.cpu.tile import (
    pixels_inside,
)

PLANES = 9
(
    TRANSMITTANCE,
    BEHIND,
    GRAD_OUT_DEPTH,
    GRAD_OUT_ALPHA,
    GRAD_OUT_RED,
    GRAD_OUT_GREEN,
    GRAD_OUT_BLUE,
    WEIGHT,
    GRAD,
) = (plane * WIDTH for plane in range(PLANES))
"""Offsets in a cell's state: T, S, gradients to sums of weighted depth, weight and color; of one
Gaussian its alpha or weight, and the gradient to its log-opacity. T and S: see
`composite_backward`."""


@inline_jit
def load_tile(
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
        grad_red = fma(grad_out_red, ONE - alpha, grad_red)
        grad_green = fma(grad_out_green, ONE - alpha, grad_green)
        grad_blue = fma(grad_out_blue, ONE - alpha, grad_blue)
    store_sums(background_sums, tile * TILE, (grad_red, grad_green, grad_blue))
