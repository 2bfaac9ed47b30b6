"""The interface that every image encoder implements."""

from abc import ABC, abstractmethod

from jaxtyping import Float
from torch import Tensor, nn


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
