"""Transfer of a tile's cells from and to images, against slices."""

import numpy as np
import pytest

from gaussrep.kernels.jit import kernel
from gaussrep.kernels.simd import WIDTH, load, store
from gaussrep.rendering.cpu.cells import (
    load_cell,
    load_colors,
    pixel_offset,
    store_cell,
    store_colors,
)
from gaussrep.rendering.cpu.layout import CELL_HEIGHT, CELL_WIDTH, PIXELS, TILE


@kernel
def transfer(image, colors, pixel, stride, columns, rows, cells, image_out, colors_out):
    value = load_cell(image, pixel, stride, columns, rows)
    red, green, blue = load_colors(colors, pixel, stride, columns, rows)
    store(cells, 0, value)
    store(cells, WIDTH, red)
    store(cells, 2 * WIDTH, green)
    store(cells, 3 * WIDTH, blue)
    store_cell(image_out, pixel, stride, columns, rows, load(cells, 0))
    store_colors(colors_out, pixel, stride, columns, rows, (red, green, blue))


@pytest.mark.parametrize("columns", [-1, 0, 1, 3, 4, 9])
@pytest.mark.parametrize("rows", [0, 1, CELL_HEIGHT, CELL_HEIGHT + 1])
def test_cells_keep_to_the_image(columns, rows):
    left, top = 2, 1
    image = np.random.default_rng(1).random((8, 16), np.float32)
    colors = np.random.default_rng(2).random((8, 16, 3), np.float32)
    cells = np.empty((4, CELL_HEIGHT, CELL_WIDTH), np.float32)
    image_out, colors_out = np.zeros_like(image), np.zeros_like(colors)
    place = top * 16 + left
    transfer(image, colors, place, 16, columns, rows, cells, image_out, colors_out)
    y = slice(top, top + min(rows, CELL_HEIGHT))
    x = slice(left, left + min(max(columns, 0), CELL_WIDTH))
    expected, expected_colors = np.zeros_like(image), np.zeros_like(colors)
    expected[y, x], expected_colors[y, x] = image[y, x], colors[y, x]
    assert (image_out == expected).all()
    assert (colors_out == expected_colors).all()
    inside = np.s_[top : top + CELL_HEIGHT, left : left + CELL_WIDTH]
    assert (cells[0] == expected[inside]).all()
    assert (cells[1:] == expected_colors[inside].transpose(2, 0, 1)).all()


@kernel
def offsets(out):
    for row in range(TILE):
        for column in range(TILE):
            out[row, column] = pixel_offset(row, column)


def test_pixels_fill_a_plane():
    out = np.empty((TILE, TILE), np.int64)
    offsets(out)
    assert sorted(out.flatten()) == list(range(PIXELS))
    assert (out[:CELL_HEIGHT, :CELL_WIDTH].flatten() == np.arange(WIDTH)).all()
    assert out[0, CELL_WIDTH] == TILE * CELL_WIDTH
    assert out[CELL_HEIGHT, 0] == WIDTH
