"""Which points of a regular grid lie inside polygons."""

import numpy as np
from jaxtyping import Bool

from gaussrep.data.shapes.outlines import Outline


def fill(outlines: list[Outline], size: int) -> Bool[np.ndarray, "outlines size size"]:
    """Test the centers of `size` x `size` equal cells of the unit square (even-odd rule).

    Every crossing of a row with an outline toggles all cells to its right between outside and
    inside. Nothing is rounded to cells: the answer is that of the point test.

    Args:
        outlines: At least one; vertices (x, y) in order; x goes right and y goes down, the square
            is [0, 1].
        size: Cells along a side, at most 32,766.

    Returns:
        A mask for each outline, rows from the top, columns from the left.
    """
    inside = np.zeros((len(outlines), size, size), dtype=bool)
    columns = np.arange(size, dtype=np.int16)
    for number, crossings in enumerate(_crossings(outlines, size)):
        for firsts in crossings:
            rows = np.flatnonzero(firsts <= size)
            if len(rows) == 0:
                break
            some = slice(rows[0], rows[-1] + 1)
            inside[number, some] ^= columns >= firsts[some, None]
    return inside


def _crossings(outlines: list[Outline], size: int) -> np.ndarray:
    """First columns right of the crossings, [outlines, most of a row, rows].

    A row with fewer crossings is filled up with `size + 1`.
    """
    (x, y), (to_x, to_y), owners = _edges(outlines)
    heights = (np.arange(size)[:, None] + 0.5) / size
    row, edge = np.nonzero((y <= heights) != (to_y <= heights))
    slope = (to_x - x)[edge] / (to_y - y)[edge]
    crossing = x[edge] + slope * (heights[row, 0] - y[edge])
    group = row * len(outlines) + owners[edge]  # sorted, as both of its parts are
    counts = np.bincount(group, minlength=size * len(outlines))
    rank = np.arange(len(group)) - (np.cumsum(counts) - counts)[group]
    table = np.full((len(outlines), counts.max(initial=0), size), size + 1, dtype=np.int16)
    table[owners[edge], rank, row] = np.clip(np.ceil(crossing * size - 0.5), 0, size)
    return table


def _edges(outlines: list[Outline]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where all edges begin and end, [2, edges] each, and which outline each belongs to."""
    counts = np.array([len(outline) for outline in outlines])
    lasts = np.cumsum(counts) - 1
    following = np.arange(1, counts.sum() + 1)
    following[lasts] = lasts - counts + 1
    starts = np.concatenate(outlines)
    return starts.T, starts[following].T, np.repeat(np.arange(len(outlines)), counts)
