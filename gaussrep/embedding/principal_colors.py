"""Visualize feature vectors: their first three principal components as red, green and blue."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import normalize, pad

EDGE = 0.01
"""Fraction of the vectors beyond either end of a color channel."""


@dataclass(frozen=True, eq=False)
class PrincipalColors:
    """A map from directions of feature vectors to colors, independent of their lengths.

    Attributes:
        mean: Mean of the directions that it was fitted to, [D].
        axes: Their principal axes, [D, 3].
        low: Coordinates that map to black, [3].
        high: Coordinates that map to white, [3].
    """

    mean: Float[Tensor, " d"]
    axes: Float[Tensor, "d 3"]
    low: Float[Tensor, " 3"]
    high: Float[Tensor, " 3"]

    @classmethod
    def of(cls, rows: Float[Tensor, "n d"]) -> "PrincipalColors":
        """Find the colors of feature vectors.

        Args:
            rows: The vectors.

        Returns:
            The map that spreads them widest.
        """
        units = normalize(rows.float(), dim=-1)
        mean = units.mean(0)
        axes = torch.linalg.eigh((units - mean).mT @ (units - mean)).eigenvectors.flip(-1)[:, :3]
        signs = axes.gather(0, axes.abs().argmax(0, keepdim=True)).sign()
        axes = pad(axes * signs, (0, 3 - axes.shape[1]))
        ends = torch.quantile((units - mean) @ axes, rows.new_tensor([EDGE, 1 - EDGE]).float(), 0)
        return cls(mean, axes, ends[0], ends[1])

    def paint(self, features: Float[Tensor, "*shape d"]) -> Float[Tensor, "*shape 3"]:
        """Color feature vectors.

        Args:
            features: Feature vectors, not only those that the axes were fitted to.

        Returns:
            RGB in [0, 1].
        """
        places = (normalize(features.float(), dim=-1) - self.mean) @ self.axes
        return ((places - self.low) / (self.high - self.low).clamp_min(1e-6)).clamp(0, 1)
