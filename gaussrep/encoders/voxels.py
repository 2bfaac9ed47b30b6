"""Voxelized point clouds."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from gaussrep.checks import check_finite, check_shape
from gaussrep.errors import ValueRangeError


@dataclass(frozen=True, eq=False)
class VoxelCloud:
    """The occupied voxels of a batch of scenes, concatenated.

    Args:
        features: Input features of each voxel, [P, C].
        coords: Position of each voxel on its scene's grid, integers >= 0, unique within a scene,
            [P, 3].
        scene: Index of each voxel's scene in the batch, int64, non-decreasing, [P].
        scenes: Number of scenes.

    Raises:
        ShapeError: If the tensors disagree about the number of voxels.
    """

    features: Float[Tensor, "points channels"]
    coords: Int[Tensor, "points 3"]
    scene: Int[Tensor, " points"]
    scenes: int

    def __post_init__(self) -> None:
        count = self.features.shape[0]
        check_shape("features", self.features, [count, "C"])
        check_shape("coords", self.coords, [count, 3])
        check_shape("scene", self.scene, [count])

    @property
    def count(self) -> int:
        """Number of voxels of all scenes together, P."""
        return self.features.shape[0]


MAX_CELLS = 2**20
"""Longest side of a grid in voxels, so that three axes and a few scenes fit in 63 bits."""


@dataclass(frozen=True, eq=False)
class Voxelized:
    """Points on a voxel grid.

    Attributes:
        cloud: The occupied voxels; the features of a voxel are the mean over its points.
        voxel_of: Index of each point's voxel in the cloud, int64 [P].
    """

    cloud: VoxelCloud
    voxel_of: Int[Tensor, " p"]


def voxelize(
    points: Float[Tensor, "p 3"],
    features: Float[Tensor, "p c"],
    scene: Int[Tensor, " p"],
    scenes: int,
    size: float,
) -> Voxelized:
    """Find the voxels that contain points.

    Args:
        points: Positions of the points of all scenes, concatenated.
        features: Input features of each point.
        scene: Scene of each point, from 0, not decreasing.
        scenes: Number of scenes; every one has points.
        size: Side of a voxel in the units of the points, > 0.

    Returns:
        The unique voxels of a grid that starts at each scene's lowest corner, sorted by scene and
        then by x, y and z.

    Raises:
        ValueRangeError: If points are not finite, or a scene is too long for its grid.
    """
    check_finite({"points": points})
    cells, longest = _grid_cells(points, scene, scenes, size)
    x, y, z = cells.unbind(-1)
    keys = ((scene * longest + x) * longest + y) * longest + z
    found, voxel_of, counts = keys.unique(return_inverse=True, return_counts=True)
    sums = features.new_zeros(len(found), features.shape[1]).index_add(0, voxel_of, features)
    coords = torch.stack(
        [found // longest**2 % longest, found // longest % longest, found % longest]
    )
    cloud = VoxelCloud(sums / counts[:, None], coords.mT, found // longest**3, scenes)
    return Voxelized(cloud, voxel_of)


def _grid_cells(
    points: Float[Tensor, "p 3"], scene: Int[Tensor, " p"], scenes: int, size: float
) -> tuple[Int[Tensor, "p 3"], int]:
    """Find each point's cell in a grid from its scene's lowest corner, and the longest side."""
    low = points.new_zeros(scenes, 3).scatter_reduce(
        0, scene[:, None].expand(-1, 3), points, "amin", include_self=False
    )
    cells = ((points - low[scene]) / size).floor().long()
    longest = int(cells.max()) + 1
    if longest > MAX_CELLS:
        raise ValueRangeError(
            f"a scene is {longest:,} voxels of {size:g} long, more than {MAX_CELLS:,}; "
            "check that its points are in meters, and remove outliers"
        )
    return cells, longest
