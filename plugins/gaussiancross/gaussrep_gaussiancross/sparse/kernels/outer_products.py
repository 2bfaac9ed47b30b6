"""The gradient of a sparse convolution with respect to its weight."""

import numpy as np

from gaussrep.kernels import NONE, claim, inline_jit, kernel
from gaussrep.kernels.simd import WIDTH, load, load_masked, store
from gaussrep_gaussiancross.sparse.kernels.tile import HEIGHTS, TALLEST, multiply_tile

CHUNK = 128
"""Pairs gathered at a time; a panel of them fits into the L1 cache."""


@kernel
def sum_outer_products(tasks, x, grad_output, table, panels, group, gradient):  # type: ignore[no-untyped-def]
    """Sum outer products of input rows and gradients; one task per offset and group of panels.

    Args:
        tasks: Tasks of this thread.
        x: Input rows, [N, C].
        grad_output: Gradient with respect to the output rows, [M, D].
        table: Input rows, output rows and starts of the lists of pairs.
        panels: First lanes of the panels of C.
        group: Panels of a group.
        gradient: Output, [D, K, C].
    """
    groups = -(-(len(panels) - 1) // group)
    inputs, outputs, starts = table
    while True:
        task = claim(tasks)
        if task == NONE:
            return
        offset, first = task // groups, task % groups * group
        own = panels[first : first + group + 1]
        pairs = slice(starts[offset], starts[offset + 1])
        _sum(x, grad_output, inputs[pairs], outputs[pairs], own, gradient[:, offset])


@kernel
def _sum(x, grad_output, inputs, outputs, panels, gradient):  # type: ignore[no-untyped-def]
    """Sum the outer products of one offset and group."""
    first, width = panels[0] * WIDTH, (panels[-1] - panels[0]) * WIDTH
    last = min(first + width, x.shape[1])
    outputs_width = grad_output.shape[1]
    heights = -(-outputs_width // TALLEST) * TALLEST + TALLEST
    sums = np.zeros((heights, width), np.float32)
    left, right = np.zeros((CHUNK, heights), np.float32), np.zeros((CHUNK, width), np.float32)
    places = np.empty(TALLEST, np.int64), np.empty(TALLEST, np.int64)
    for start in range(0, len(inputs), CHUNK):
        count = min(CHUNK, len(inputs) - start)
        for pair in range(count):
            source, target = inputs[start + pair], outputs[start + pair]
            _gather(
                grad_output,
                target * grad_output.shape[1],
                grad_output.shape[1],
                left,
                pair * heights,
            )
            _gather(x, source * x.shape[1] + first, last - first, right, pair * width)
        _add_chunk(left, right, count, outputs_width, panels, places, sums)
    for row in range(outputs_width):
        for column in range(first, last):
            gradient[row, column] = sums[row, column - first]


@inline_jit
def _gather(source, start, count, target, place):  # type: ignore[no-untyped-def]
    whole = count - count % WIDTH
    for column in range(0, whole, WIDTH):
        store(target, place + column, load(source, start + column))
    if whole < count:
        store(target, place + whole, load_masked(source, start + whole, count - whole))


@inline_jit
def _add_chunk(left, right, count, rows, panels, places, sums):  # type: ignore[no-untyped-def]
    width = right.shape[1]
    left_places, out_places = places
    for panel in range(len(panels) - 1):
        lanes, begin = panels[panel + 1] - panels[panel], (panels[panel] - panels[0]) * WIDTH
        height = HEIGHTS[lanes]
        for row in range(0, rows, height):
            for r in range(height):
                left_places[r] = row + r
                out_places[r] = (row + r) * width + begin
            multiply_tile(
                lanes,
                left,
                left_places,
                left.shape[1],
                right,
                begin,
                width,
                sums,
                out_places,
                count,
            )
