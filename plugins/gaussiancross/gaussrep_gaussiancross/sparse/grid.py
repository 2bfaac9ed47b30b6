"""Grid: the occupied voxels of one resolution, in order."""

from dataclasses import dataclass
from functools import cached_property

from jaxtyping import Int, Int64
from torch import Tensor

from gaussrep.errors import ValueRangeError

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
