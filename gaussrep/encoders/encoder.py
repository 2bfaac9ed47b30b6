"""Base classes of encoders."""

from abc import ABC, abstractmethod

from jaxtyping import Float
from torch import Tensor, nn

from gaussrep.encoders.voxels import VoxelCloud


class ImageEncoder(nn.Module, ABC):
    """Turns pictures into maps of feature vectors."""

    @property
    @abstractmethod
    def width(self) -> int:
        """Length of a feature vector, D."""

    @abstractmethod
    def forward(
        self, images: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch rows columns channels"]:
        """Encode a batch of pictures.

        Args:
            images: RGB in [0, 1].

        Returns:
            One vector of length `width` per cell of a regular grid over the picture, top row first.
        """


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
