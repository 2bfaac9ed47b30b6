"""VoxelCloud: point clouds on a grid, as encoders of points read them."""

from dataclasses import dataclass

from jaxtyping import Float, Int
from torch import Tensor

from gaussrep.checks import check_shape


@dataclass(frozen=True, eq=False)
class VoxelCloud:
    """The occupied voxels of a batch of scenes, one after the other.

    Args:
        features: What is known of each voxel, [P, C].
        coords: Position of each voxel on its scene's grid, integers >= 0, no two alike in a scene,
            [P, 3].
        scene: Which scene of the batch each voxel belongs to, int64, not falling, [P].
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
