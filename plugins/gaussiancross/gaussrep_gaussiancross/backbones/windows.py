"""Windows of voxels that lie near one another on a curve through space."""

import torch
from jaxtyping import Bool, Int64
from torch import Tensor

from gaussrep_gaussiancross.sparse.grid import Grid


class Windows:
    """Groups of `size` voxels along a z-order curve; none spans two scenes.

    Args:
        grid: Occupied voxels.
        size: Voxels of a window; the last window of a scene is filled up with nothing.
        turned: Whether the curve goes through x, y and z in the other order.

    Attributes:
        rows: The voxel at each place; where nothing is, voxel 0.
        filled: Whether a voxel is there.
        places: The place of each voxel in the flattened windows.
    """

    rows: Int64[Tensor, "windows size"]
    filled: Bool[Tensor, "windows size"]
    places: Int64[Tensor, " points"]

    def __init__(self, grid: Grid, size: int, *, turned: bool) -> None:
        order = _curve(grid, turned).argsort(stable=True)
        order = order[grid.scene[order].argsort(stable=True)]
        counts = grid.scene.bincount()
        padded = -(-counts // size) * size
        shift = padded.cumsum(0) - padded - (counts.cumsum(0) - counts)
        ranks = torch.arange(grid.count, device=order.device) + shift[grid.scene[order]]
        total = int(padded.sum())
        self.rows = order.new_zeros(total).index_copy(0, ranks, order).view(-1, size)
        self.filled = order.new_zeros(total).index_fill(0, ranks, 1).view(-1, size).bool()
        self.places = torch.empty_like(order).index_copy(0, order, ranks)


def _curve(grid: Grid, turned: bool) -> Tensor:
    """Place of each voxel on the z-order curve: the bits of its coordinates in turn."""
    axes = grid.coords.long().unbind(1)
    place = torch.zeros_like(axes[0])
    for bit in range(int(grid.coords.max()).bit_length()):
        for axis, values in enumerate(axes[::-1] if turned else axes):
            place |= (values >> bit & 1) << (3 * bit + axis)
    return place
