"""Laying out a weight as the tiles read it: panel by panel, all lanes of a term side by side."""

from gaussrep.kernels.jit import kernel, part
from gaussrep.kernels.simd import WIDTH
from gaussrep.kernels.tasks import NONE, claim


@kernel
def pack(tasks, weight, scale, transposed, panels, packed):  # type: ignore[no-untyped-def]
    """Copy a weight; one task per lane of its first axis, which is read from end to end.

    Args:
        tasks: What this thread is to do.
        weight: One matrix per offset, [D, K, C].
        scale: A factor per matrix row, [D].
        transposed: Whether terms run along D and columns along C, not the other way round.
        panels: First lanes of the panels of columns.
        packed: Written here, [panel, offset, term, lane]; columns that hang over are left alone.
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


@part
def _place(panels, lane, offsets, offset, terms):  # type: ignore[no-untyped-def]
    """Where a lane of the first term of an offset lies, and how far it is to the next term."""
    panel = 0
    while panels[panel + 1] <= lane:
        panel += 1
    width = (panels[panel + 1] - panels[panel]) * WIDTH
    start = (panels[panel] * WIDTH * offsets + offset * width) * terms
    return start + (lane - panels[panel]) * WIDTH, width


@part
def _copy_rows(matrix, scale, target, width):  # type: ignore[no-untyped-def]
    for row in range(matrix.shape[0]):
        for column in range(matrix.shape[1]):
            target[row * width + column] = matrix[row, column] * scale[row]


@part
def _copy_columns(matrix, scale, target, width):  # type: ignore[no-untyped-def]
    for column in range(matrix.shape[1]):
        for row in range(matrix.shape[0]):
            target[column * width + row] = matrix[row, column] * scale[row]
