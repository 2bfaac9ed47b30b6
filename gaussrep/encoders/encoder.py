"""Base classes of encoders."""

from abc import ABC, abstractmethod

from jaxtyping import Float
from torch import Tensor, nn

from gaussrep.encoders.voxels import VoxelCloud


class ImageEncoder(nn.Module, ABC):
    """Encodes images as maps of feature vectors."""

    @property
    @abstractmethod
    def width(self) -> int:
        """Length of a feature vector, D."""

    @abstractmethod
    def forward(
        self, images: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch rows columns channels"]:
        """Encode a batch of images.

        Args:
            images: RGB in [0, 1].

        Returns:
            One vector of length `width` per cell of a regular grid over the image, top row first.
        """


class PointEncoder(nn.Module, ABC):
    """Encodes the occupied voxels of scenes as one feature vector each.

    `build("encoders", config, channels=C)` builds one for voxels with C input features.
    """

    @property
    @abstractmethod
    def width(self) -> int:
        """Length of a feature vector, D."""

    @abstractmethod
    def forward(self, cloud: VoxelCloud) -> Float[Tensor, "points width"]:
        """Encode a batch of scenes.

        Args:
            cloud: Occupied voxels and their input features.

        Returns:
            One vector of length `width` per voxel, in the order of the cloud.
        """
