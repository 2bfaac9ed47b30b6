"""Occupied voxels of one resolution, and the kernel maps of convolutions between them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import torch
from jaxtyping import Float, Int, Int32, Int64
from torch import Tensor

from gaussrep.encoders import VoxelCloud
from gaussrep.errors import ValueRangeError
from gaussrep_gaussiancross.sparse.kernels import kernels_for

MARGIN = 2
"""Free cells between neighboring rows of keys: half of the longest side of a kernel (5)."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Occupied voxels, sorted by scene and then by x, y and z, without duplicates.

    Args:
        coords: Positions, integers >= 0.
        scene: Scene of each voxel.
    """

    coords: Int[Tensor, "points 3"]
    scene: Int[Tensor, " points"]

    @property
    def count(self) -> int:
        """Number of voxels."""
        return len(self.scene)

    @cached_property
    def spans(self) -> tuple[int, int, int]:
        """Cells along x, y and z with the margin, so that no kernel offset reaches a wrong key."""
        x, y, z = (self.coords.amax(0) + 1 + MARGIN).tolist()
        return x, y, z

    @cached_property
    def keys(self) -> Int64[Tensor, " points"]:
        """One ascending number per voxel; a step in space is a fixed difference of keys."""
        return _keys(self.coords, self.scene, self.spans)

    def step(self, x: int, y: int, z: int) -> int:
        """Compute the difference of keys of a step in space.

        Args:
            x: Cells along x.
            y: Cells along y.
            z: Cells along z.

        Returns:
            The difference.
        """
        return (x * self.spans[1] + y) * self.spans[2] + z


def sort_voxels(
    coords: Int[Tensor, "points 3"], scene: Int[Tensor, " points"]
) -> tuple[Grid, Int64[Tensor, " points"] | None]:
    """Sort voxels into a grid.

    Args:
        coords: Positions, integers >= 0, without duplicates within a scene.
        scene: Scene of each voxel.

    Returns:
        The grid, and the voxel of each of its rows; None if the voxels were sorted already.

    Raises:
        ValueRangeError: If there are no voxels, a position is negative, or two voxels of a scene
            coincide.
    """
    if not len(coords):
        raise ValueRangeError("the cloud holds no voxels; expected at least one.")
    if int(coords.min()) < 0:
        raise ValueRangeError("coords of voxels are negative; expected integers from 0.")
    grid = Grid(coords, scene)
    if bool((grid.keys.diff() > 0).all()):
        return grid, None
    order = grid.keys.argsort()
    grid = Grid(coords[order], scene[order])
    if bool((grid.keys.diff() == 0).any()):
        raise ValueRangeError("two voxels of a scene are at the same place; expected each once.")
    return grid, order


def encode_in_order(
    cloud: VoxelCloud, encode: Callable[[Tensor, Grid], Tensor]
) -> Float[Tensor, "points d"]:
    """Encode voxels in the order of a grid.

    Args:
        cloud: Occupied voxels in any order.
        encode: Computes one vector per row of the grid, from features in that order.

    Returns:
        One vector per voxel, in the order of the cloud.

    Raises:
        ValueRangeError: If there are no voxels, a position is negative, or two voxels of a scene
            coincide.
    """
    grid, order = sort_voxels(cloud.coords, cloud.scene)
    if order is None:
        return encode(cloud.features, grid)
    return encode(cloud.features[order], grid)[order.argsort()]


@dataclass(frozen=True, eq=False)
class KernelMap:
    """The kernel map (rulebook) of a sparse convolution: one list of row pairs per kernel offset.

    Output row `outputs[i]` accumulates input row `inputs[i]` times the offset's matrix. Within a
    list both rows ascend strictly, so that blocks of rows are found by bisection and memory is read
    in order.

    Args:
        inputs: Input rows, the lists one after the other.
        outputs: Output rows.
        starts: Start of each list, and at the end the number of pairs; K + 1 numbers.
        input_count: Number of input rows.
        output_count: Number of output rows.
    """

    inputs: Int32[Tensor, " pairs"]
    outputs: Int32[Tensor, " pairs"]
    starts: tuple[int, ...]
    input_count: int
    output_count: int

    @classmethod
    def from_lists(
        cls, lists: list[tuple[Tensor, Tensor]], input_count: int, output_count: int
    ) -> "KernelMap":
        """Build a kernel map from one list of input and one of output rows per offset.

        Args:
            lists: Input and output rows of each offset.
            input_count: Number of input rows.
            output_count: Number of output rows.

        Returns:
            The kernel map.
        """
        sizes = torch.tensor([0, *(len(inputs) for inputs, _ in lists)])
        inputs, outputs = (torch.cat(rows).int() for rows in zip(*lists, strict=True))
        return cls(inputs, outputs, tuple(sizes.cumsum(0).tolist()), input_count, output_count)

    @property
    def offsets(self) -> int:
        """Number of offsets of the kernel, K."""
        return len(self.starts) - 1

    @cached_property
    def transposed(self) -> "KernelMap":
        """The kernel map of the transposed convolution."""
        return KernelMap(
            self.outputs, self.inputs, self.starts, self.output_count, self.input_count
        )


def submanifold_map(grid: Grid, size: int, *, pure_torch: bool = False) -> KernelMap:
    """Build the kernel map of a submanifold convolution, whose outputs are at the inputs' voxels.

    Args:
        grid: Occupied voxels.
        size: Side of the kernel in voxels: 1, 3 or 5.
        pure_torch: Whether to avoid the compiled kernels.

    Returns:
        Lists in the order of the kernel, x slowest; an output row meets the input row at its
        position plus the offset, as in torch's dense convolution.

    Raises:
        ValueError: If the size is not 1, 3 or 5.
    """
    reach = size // 2
    if size != 2 * reach + 1 or reach > MARGIN:
        raise ValueError(f"size is {size}, expected 1, 3 or 5")
    kernels = None if pure_torch else kernels_for(grid.keys)
    if kernels is not None:
        return kernels.submanifold_map(grid, reach)
    steps = [grid.step(*offset) for offset in product(range(-reach, reach + 1), repeat=3)]
    lists = [_match_keys(grid.keys, step) for step in steps[: len(steps) // 2]]
    rows = torch.arange(grid.count, device=grid.keys.device)
    mirrored = [(outputs, inputs) for inputs, outputs in reversed(lists)]
    return KernelMap.from_lists([*lists, (rows, rows), *mirrored], grid.count, grid.count)


@dataclass(frozen=True, eq=False)
class Downsampled:
    """A grid of half the resolution.

    Attributes:
        grid: The voxels of which at least one of eight children is occupied.
        kernel_map: From the fine rows to the coarse ones; eight lists, x slowest. Transposed, it is
            that of the inverse convolution.
        parents: Coarse row of each fine row.
    """

    grid: Grid
    kernel_map: KernelMap
    parents: Int64[Tensor, " fine"]


def downsample(grid: Grid) -> Downsampled:
    """Halve the resolution of a grid, with the kernel map of a 2x2x2 convolution of stride 2.

    Args:
        grid: Occupied voxels.

    Returns:
        The coarser grid and its kernel map.
    """
    parent_grid = Grid(grid.coords >> 1, grid.scene)
    keys, parents = parent_grid.keys.unique(return_inverse=True)
    x, y, z = parent_grid.spans
    coords = keys.new_empty(len(keys), 3)
    coords[:, 0], coords[:, 1], coords[:, 2] = keys // (y * z) % x, keys // z % y, keys % z
    coarse = Grid(coords, keys // (x * y * z))
    x, y, z = (grid.coords & 1).unbind(1)
    children = 4 * x + 2 * y + z
    rows = [(children == child).nonzero().squeeze(1) for child in range(8)]
    lists = [(fine, parents[fine]) for fine in rows]
    return Downsampled(coarse, KernelMap.from_lists(lists, grid.count, coarse.count), parents)


def _keys(coords: Tensor, scene: Tensor, spans: tuple[int, int, int]) -> Tensor:
    x, y, z = coords.long().unbind(-1)
    return ((scene.long() * spans[0] + x) * spans[1] + y) * spans[2] + z


def _match_keys(keys: Tensor, step: int) -> tuple[Tensor, Tensor]:
    """Find the rows whose key equals another row's key plus the step, and those other rows."""
    wanted = keys + step
    positions = torch.searchsorted(keys, wanted).clamp_max(len(keys) - 1)
    outputs = (keys[positions] == wanted).nonzero().squeeze(1)
    return positions[outputs], outputs
