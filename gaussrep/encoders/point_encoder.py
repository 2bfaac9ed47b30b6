"""The interface that every encoder of point clouds implements."""

from abc import ABC, abstractmethod

from jaxtyping import Float
from torch import Tensor, nn

from gaussrep.encoders.voxel_cloud import VoxelCloud


class PointEncoder(nn.Module, ABC):
    """Turns the occupied voxels of scenes into one feature vector each.

    `build("encoders", config, channels=C)` builds one for voxels that carry C numbers.
    """

    @property
    @abstractmethod
    def width(self) -> int:
        """Length of a feature vector, D."""

    @abstractmethod
    def forward(self, cloud: VoxelCloud) -> Float[Tensor, "points width"]:
        """Encode a batch of scenes.

        Args:
            cloud: Occupied voxels and what is known of them.

        Returns:
            One vector of length `width` per voxel, in the order of the cloud.
        """
