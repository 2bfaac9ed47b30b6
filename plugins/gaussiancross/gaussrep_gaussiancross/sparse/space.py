"""The interface between a network and who computes its sparse convolutions."""

from abc import ABC, abstractmethod

from jaxtyping import Float
from torch import Tensor, nn

from gaussrep_gaussiancross.sparse.conv import SparseConv


class SparseSpace(ABC):
    """The levels of one batch of scenes; level 0 is the finest, and each halves the resolution.

    Every method gives `relu(norm(conv(x)) + added)`, rows in the level's own order.
    """

    @abstractmethod
    def same(
        self,
        x: Float[Tensor, "rows c"],
        conv: SparseConv,
        norm: nn.BatchNorm1d,
        level: int,
        added: Float[Tensor, "rows d"] | None = None,
    ) -> Float[Tensor, "rows d"]:
        """Submanifold convolution: outputs lie where inputs lie.

        Args:
            x: Features of the level.
            conv: A kernel of odd size.
            norm: What follows it.
            level: Number of the level.
            added: What is added before the ReLU.

        Returns:
            Features of the level.
        """

    @abstractmethod
    def down(
        self, x: Float[Tensor, "rows c"], conv: SparseConv, norm: nn.BatchNorm1d, level: int
    ) -> Float[Tensor, "fewer d"]:
        """Convolution of size 2 and stride 2.

        Args:
            x: Features of the level.
            conv: A kernel of size 2.
            norm: What follows it.
            level: Number of the level.

        Returns:
            Features of the next level.
        """

    @abstractmethod
    def up(
        self, x: Float[Tensor, "rows c"], conv: SparseConv, norm: nn.BatchNorm1d, level: int
    ) -> Float[Tensor, "more d"]:
        """The inverse of `down`: outputs lie where that one's inputs lay.

        Args:
            x: Features of the level.
            conv: A kernel of size 2.
            norm: What follows it.
            level: Number of the level, at least 1.

        Returns:
            Features of the level before.
        """
