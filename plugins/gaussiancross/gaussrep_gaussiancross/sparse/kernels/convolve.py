"""Output rows of a sparse convolution, and the layout of its weight."""

import numpy as np

from gaussrep.kernels import NONE, claim, inline_jit, kernel
from gaussrep.kernels.simd import WIDTH
from gaussrep_gaussiancross.sparse.kernels.tile import HEIGHTS, TALLEST, multiply_tile


@kernel
def pack(tasks, weight, scale, transposed, panels, packed):  # type: ignore[no-untyped-def]
    """Lay out a weight panel by panel, all lanes of a term side by side.

    One task per lane of the weight's first axis, which is read from end to end.

    Args:
        tasks: Tasks of this thread.
        weight: One matrix per offset, [D, K, C].
        scale: A factor per matrix row, [D].
        transposed: Whether terms are along D and columns along C, instead of the reverse.
        panels: First lanes of the panels of columns.
        packed: Output, [panel, offset, term, lane]; excess columns are not written.
    """
    outs, offsets, ins = weight.shape
    while True:
        task = claim(tasks)
        if task == NONE:
            return
        first = task * WIDTH
        last = min(first + WIDTH, outs)
        for offset in range(offsets):
            for begin in range(0, ins, WIDTH):
                end = min(begin + WIDTH, ins)
                matrix = weight[first:last, offset, begin:end]
                if transposed:
                    start, width = _place(panels, begin // WIDTH, offsets, offset, outs)
                    _copy_rows(matrix, scale[first:], packed[start + first * width :], width)
                else:
                    start, width = _place(panels, first // WIDTH, offsets, offset, ins)
                    _copy_columns(matrix, scale[first:], packed[start + begin * width :], width)


@inline_jit
def _place(panels, lane, offsets, offset, terms):  # type: ignore[no-untyped-def]
    """Compute the position of a lane of an offset's first term, and the stride between terms."""
    panel = 0
    while panels[panel + 1] <= lane:
        panel += 1
    width = (panels[panel + 1] - panels[panel]) * WIDTH
    start = (panels[panel] * WIDTH * offsets + offset * width) * terms
    return start + (lane - panels[panel]) * WIDTH, width


@inline_jit
def _copy_rows(matrix, scale, target, width):  # type: ignore[no-untyped-def]
    for row in range(matrix.shape[0]):
        for column in range(matrix.shape[1]):
            target[row * width + column] = matrix[row, column] * scale[row]


@inline_jit
def _copy_columns(matrix, scale, target, width):  # type: ignore[no-untyped-def]
    for column in range(matrix.shape[1]):
        for row in range(matrix.shape[0]):
            target[column * width + row] = matrix[row, column] * scale[row]


@kernel
def compute_rows(tasks, x, packed, table, panels, shape, epilogue, out):  # type: ignore[no-untyped-def]
    """Compute output rows; one task per block of rows and panel of columns.

    Args:
        tasks: Tasks of this thread.
        x: Input rows, flat, [N * C].
        packed: The weight, as laid out by `pack`.
        table: Input rows, output rows and starts of the lists of pairs.
        panels: First lanes of the panels.
        shape: Output rows M, rows of a block, and terms C.
        epilogue: Initial value of each row [lanes * WIDTH], residual rows to add at the end ([0, 0]
            or [M, D]), and whether to apply ReLU.
        out: Output, [M + blocks, lanes * WIDTH]; the last rows take the excess rows of tiles.
    """
    rows, block, terms = shape
    columns, sides = out.shape[1], len(panels) - 1
    in_places, out_places = np.empty(TALLEST, np.int64), np.empty(TALLEST, np.int64)
    while True:
        task = claim(tasks)
        if task == NONE:
            return
        number, side = task // sides, task % sides
        start, end = number * block, min(number * block + block, rows)
        first, last = panels[side] * WIDTH, panels[side + 1] * WIDTH
        region = (start, end, first, last)
        _init_rows(out, region, epilogue[0])
        places = (in_places, out_places, (rows + number) * columns)
        _add_products(x, terms, packed, table, region, places, out)
        _apply_epilogue(out, region, epilogue[1], epilogue[2])


@inline_jit
def _add_products(x, terms, packed, table, region, places, out):  # type: ignore[no-untyped-def]
    """Add the products of all pairs of a region of the output."""
    inputs, outputs, starts = table
    start, end, first, last = region
    in_places, out_places, spare = places
    offsets, columns = len(starts) - 1, out.shape[1]
    width = last - first
    lanes = width // WIDTH
    height = HEIGHTS[lanes]
    for offset in range(offsets):
        at = _bisect(outputs, starts[offset], starts[offset + 1], start)
        stop = _bisect(outputs, at, starts[offset + 1], end)
        right = (first * offsets + offset * width) * terms
        while at < stop:
            for r in range(height):
                pair = min(at + r, stop - 1)
                in_places[r] = inputs[pair] * terms
                out_places[r] = (outputs[pair] * columns if at + r < stop else spare) + first
            multiply_tile(lanes, x, in_places, 1, packed, right, width, out, out_places, terms)
            at += height


@inline_jit
def _bisect(rows, low, high, wanted):  # type: ignore[no-untyped-def]
    """Find the first position from `low` where rows reach the wanted one."""
    while low < high:
        middle = (low + high) // 2
        if rows[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low


@inline_jit
def _init_rows(out, region, initial):  # type: ignore[no-untyped-def]
    start, end, first, last = region
    for row in range(start, end):
        for column in range(first, last):
            out[row, column] = initial[column]


@inline_jit
def _apply_epilogue(out, region, residual, relu):  # type: ignore[no-untyped-def]
    start, end, first, last = region
    zero = np.float32(0)
    for row in range(start, end):
        if len(residual):
            for column in range(first, min(last, residual.shape[1])):
                out[row, column] += residual[row, column]
        if relu:
            for column in range(first, last):
                out[row, column] = max(out[row, column], zero)
