"""Index tables of submanifold convolutions: outputs lie where inputs lie, and nowhere else."""

from itertools import product

import torch
from torch import Tensor

from gaussrep_gaussiancross.sparse.engine import kernels_for
from gaussrep_gaussiancross.sparse.grid import MARGIN, Grid
from gaussrep_gaussiancross.sparse.pairs import Pairs


def submanifold_pairs(grid: Grid, size: int, *, plain: bool = False) -> Pairs:
    """Find each voxel's neighbors in a cube around it.

    Args:
        grid: Occupied voxels.
        size: Side of the kernel in voxels, odd, at most 5.
        plain: Whether to do without Numba.

    Returns:
        Lists in the order of the kernel, x slowest: a row meets the row at its place plus the
        offset, as in torch's dense convolution.
    """
    reach = size // 2
    if size != 2 * reach + 1 or reach > MARGIN:
        raise ValueError(f"size is {size}, wanted 1, 3 or 5")
    kernels = None if plain else kernels_for(grid.keys)
    if kernels is not None:
        return kernels.submanifold_pairs(grid, reach)
    steps = [grid.step(*offset) for offset in product(range(-reach, reach + 1), repeat=3)]
    lists = [_meet(grid.keys, step) for step in steps[: len(steps) // 2]]
    rows = torch.arange(grid.count, device=grid.keys.device)
    mirrored = [(outputs, inputs) for inputs, outputs in reversed(lists)]
    return Pairs.join([*lists, (rows, rows), *mirrored], grid.count, grid.count)


def _meet(keys: Tensor, step: int) -> tuple[Tensor, Tensor]:
    """Rows whose key plus the step is there, and the rows that it is the key of."""
    wanted = keys + step
    places = torch.searchsorted(keys, wanted).clamp_max(len(keys) - 1)
    outputs = (keys[places] == wanted).nonzero().squeeze(1)
    return places[outputs], outputs
