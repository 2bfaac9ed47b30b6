"""The Gaussian at the median depth of every pixel of a tile.

It is the last one in front of which more than half of the light is left. Its rank is its place in
the tile's list, kept as float32 in the order of the tile's cells.
"""

from typing import Any

import numpy as np

from gaussrep.kernels.jit import inline_jit
from gaussrep.kernels.simd import WIDTH, broadcast, load, minimum, select, store
from gaussrep.rendering.cpu.cells import pixel_offset
from gaussrep.rendering.cpu.layout import PIXELS, TILE, Grid

NO_RANK = np.float32(-1)


@inline_jit
def clear_ranks(ranks: np.ndarray) -> None:
    """Reset the ranks."""
    for at in range(0, PIXELS, WIDTH):
        store(ranks, at, broadcast(NO_RANK))


@inline_jit
def update_ranks(ranks: np.ndarray, at: int, is_before: Any, rank: int) -> None:
    """Set the rank of a cell's pixels, of which `at` is the first, where more light is left."""
    store(ranks, at, select(is_before, broadcast(np.float32(rank)), load(ranks, at)))


@inline_jit
def write_medians(
    image: int,
    x: int,
    y: int,
    ranks: np.ndarray,
    members: np.ndarray,
    grid: Grid,
    medians: np.ndarray,
) -> None:
    """Write the Gaussians of a tile to the image; -1 where there is none."""
    for row in range(minimum(TILE, grid.height - y)):
        for column in range(minimum(TILE, grid.width - x)):
            rank = np.int64(ranks[pixel_offset(row, column)])
            found = members[rank] if rank >= 0 else np.int32(-1)
            medians[image, y + row, x + column] = found
