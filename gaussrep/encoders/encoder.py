"""Base classes of encoders."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor, nn

from gaussrep.checks import check_shape
from gaussrep.encoders.voxels import VoxelCloud


def check_output(encoder: nn.Module, output: Tensor, expected: Sequence[int | str]) -> None:
    """Check the shape of an encoder's output.

    Args:
        encoder: The encoder, for the message.
        output: Its output.
        expected: One entry per axis: a size, or a name for an axis of any size.

    Raises:
        ShapeError: If the number of axes or a size differs.
    """
    check_shape(f"the output of encoder {type(encoder).__name__}", output, expected)


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

    def checked(
        self, images: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch rows columns channels"]:
        """Encode a batch of images, and check the shape of the result.

        Args:
            images: RGB in [0, 1].

        Returns:
            What `forward` returns.

        Raises:
            ShapeError: That is not [B, rows, columns, width].
        """
        features = self(images)
        check_output(self, features, [len(images), "rows", "columns", self.width])
        return features


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

    def load_pretrained(self) -> None:
        """Load the initial weights of a new run that the configuration names; by default none.

        Raises:
            ConfigError: The weights cannot be read, or do not fit.
        """

    def checked(self, cloud: VoxelCloud) -> Float[Tensor, "points width"]:
        """Encode a batch of scenes, and check the shape of the result.

        Args:
            cloud: Occupied voxels and their input features.

        Returns:
            What `forward` returns.

        Raises:
            ShapeError: That is not [points, width].
        """
        features = self(cloud)
        check_output(self, features, [cloud.count, self.width])
        return features
