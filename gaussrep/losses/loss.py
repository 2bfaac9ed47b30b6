"""The interface that every loss between pictures implements."""

from abc import ABC, abstractmethod

from jaxtyping import Bool, Float
from torch import Tensor, nn


class Loss(nn.Module, ABC):
    """Compares rendered pictures, channels last as in `Rendering`, with target pictures."""

    @abstractmethod
    def forward(
        self,
        prediction: Float[Tensor, "*batch height width channels"],
        target: Float[Tensor, "*batch height width channels"],
        mask: Bool[Tensor, "*batch height width"] | None = None,
    ) -> Float[Tensor, ""]:
        """Measure the distance.

        Args:
            prediction: Pictures, usually RGB in [0, 1].
            target: What the pictures should be.
            mask: Pixels that count; all of them where it is None.

        Returns:
            A scalar, averaged over everything that counts.

        Raises:
            ShapeError: If the shapes disagree.
        """
