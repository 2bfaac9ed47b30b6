"""Halving the resolution of a grid, with the index table of a 2x2x2 convolution of stride 2."""

from dataclasses import dataclass

from gaussrep_gaussiancross.sparse.grid import Grid
from gaussrep_gaussiancross.sparse.pairs import Pairs


@dataclass(frozen=True, eq=False)
class Halved:
    """A grid of half the resolution.

    Attributes:
        grid: A voxel wherever one of its eight parts is occupied.
        pairs: From the fine rows to the coarse ones; eight lists, x slowest. Swapped, it is that of
            the inverse convolution.
    """

    grid: Grid
    pairs: Pairs


def halve(grid: Grid) -> Halved:
    """Merge cubes of eight voxels.

    Args:
        grid: Occupied voxels.

    Returns:
        The coarser grid and its table.
    """
    whole = Grid(grid.coords >> 1, grid.scene)
    keys, parents = whole.keys.unique(return_inverse=True)
    x, y, z = whole.spans
    coords = keys.new_empty(len(keys), 3)
    coords[:, 0], coords[:, 1], coords[:, 2] = keys // (y * z) % x, keys // z % y, keys % z
    coarse = Grid(coords, keys // (x * y * z))
    x, y, z = (grid.coords & 1).unbind(1)
    parts = 4 * x + 2 * y + z
    rows = [(parts == part).nonzero().squeeze(1) for part in range(8)]
    pairs = Pairs.join([(fine, parents[fine]) for fine in rows], grid.count, coarse.count)
    return Halved(coarse, pairs)
