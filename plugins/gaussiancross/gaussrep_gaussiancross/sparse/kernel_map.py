"""Occupied voxels of one resolution, and kernel maps between them."""

from dataclasses import dataclass
from functools import cached_property
from itertools import product

import torch
from jaxtyping import Int, Int32, Int64
from torch import Tensor

from gaussrep.errors import ValueRangeError
from gaussrep_gaussiancross.sparse.kernels import kernels_for

MARGIN = 2
"""Free cells kept between neighboring rows of keys, half of the longest side of a kernel (5)."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Occupied voxels, sorted by scene and then by x, y and z, each once.

    Args:
        coords: Positions, integers >= 0.
        scene: Which scene each voxel belongs to.
    """

    coords: Int[Tensor, "points 3"]
    scene: Int[Tensor, " points"]

    @property
    def count(self) -> int:
        """Number of voxels."""
        return len(self.scene)

    @cached_property
    def spans(self) -> tuple[int, int, int]:
        """Cells of x, y and z with the margin, so that no step of a kernel meets a wrong key."""
        x, y, z = (self.coords.amax(0) + 1 + MARGIN).tolist()
        return x, y, z

    @cached_property
    def keys(self) -> Int64[Tensor, " points"]:
        """One number per voxel that rises with the order; a step in space is a fixed difference."""
        return _keys(self.coords, self.scene, self.spans)

    def step(self, x: int, y: int, z: int) -> int:
        """The difference of keys that a step of so many cells is."""
        return (x * self.spans[1] + y) * self.spans[2] + z


def sort_voxels(
    coords: Int[Tensor, "points 3"], scene: Int[Tensor, " points"]
) -> tuple[Grid, Int64[Tensor, " points"] | None]:
    """Put voxels in the order of a grid.

    Args:
        coords: Positions, integers >= 0, no two alike in a scene.
        scene: Which scene each belongs to.

    Returns:
        The grid, and which voxel each of its rows is; None where they were in order.

    Raises:
        ValueRangeError: If there are none, a position is negative, or two voxels of a scene are at
            one place.
    """
    if not len(coords):
        raise ValueRangeError("the cloud holds no voxels; wanted at least one.")
    if int(coords.min()) < 0:
        raise ValueRangeError("coords of voxels are negative; wanted integers from 0.")
    grid = Grid(coords, scene)
    if bool((grid.keys.diff() > 0).all()):
        return grid, None
    order = grid.keys.argsort()
    grid = Grid(coords[order], scene[order])
    if bool((grid.keys.diff() == 0).any()):
        raise ValueRangeError("two voxels of a scene are at the same place; wanted each once.")
    return grid, order


def _keys(coords: Tensor, scene: Tensor, spans: tuple[int, int, int]) -> Tensor:
    x, y, z = coords.long().unbind(-1)
    return ((scene.long() * spans[0] + x) * spans[1] + y) * spans[2] + z


@dataclass(frozen=True, eq=False)
class Pairs:
    """The index table of a sparse convolution, one list of pairs per offset of the kernel.

    Output row `outputs[i]` gets input row `inputs[i]` times the offset's matrix. Within a list both
    rows rise strictly, so that blocks of rows are found by bisection, and memory is read in order.

    Args:
        inputs: Input rows, the lists one after the other.
        outputs: Output rows.
        starts: Where each list begins, and at the end the number of pairs; K + 1 numbers.
        input_count: Number of input rows.
        output_count: Number of output rows.
    """

    inputs: Int32[Tensor, " pairs"]
    outputs: Int32[Tensor, " pairs"]
    starts: tuple[int, ...]
    input_count: int
    output_count: int

    @classmethod
    def join(
        cls, lists: list[tuple[Tensor, Tensor]], input_count: int, output_count: int
    ) -> "Pairs":
        """Build the table from one list of input and one of output rows per offset."""
        sizes = torch.tensor([0, *(len(inputs) for inputs, _ in lists)])
        inputs, outputs = (torch.cat(rows).int() for rows in zip(*lists, strict=True))
        return cls(inputs, outputs, tuple(sizes.cumsum(0).tolist()), input_count, output_count)

    @property
    def offsets(self) -> int:
        """Number of offsets of the kernel, K."""
        return len(self.starts) - 1

    @cached_property
    def swapped(self) -> "Pairs":
        """The table of the transposed convolution."""
        return Pairs(self.outputs, self.inputs, self.starts, self.output_count, self.input_count)


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
