"""`strided`: a small convolutional encoder."""

from itertools import pairwise

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from gaussrep.encoders import ImageEncoder
from gaussrep_additive.config import StridedConfig

GROUPS = 8
"""Groups of channels of the group normalization."""


class StridedEncoder(ImageEncoder):
    """Downsample an image by strided convolutions, then refine the grid by residual blocks.

    Args:
        config: Width, number of halvings and of blocks.
    """

    def __init__(self, config: StridedConfig) -> None:
        super().__init__()
        self.config = config
        widths = [3] + [config.width >> step for step in reversed(range(config.halvings))]
        self.halve = nn.ModuleList(
            nn.Conv2d(inputs, outputs, 4, stride=2, padding=1)
            for inputs, outputs in pairwise(widths)
        )
        self.refine = nn.ModuleList(_block(config.width) for _ in range(config.blocks))

    @property
    def width(self) -> int:
        """Length of a feature vector."""
        return self.config.width

    def forward(
        self, images: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch rows columns channels"]:
        """Encode a batch of images.

        Args:
            images: RGB in [0, 1]; edges are replicated to whole cells.

        Returns:
            One vector per cell, top row first.
        """
        cell = 2**self.config.halvings
        missing = (0, -images.shape[3] % cell, 0, -images.shape[2] % cell)
        features = functional.pad(2 * images - 1, missing, mode="replicate")
        for layer in self.halve:
            features = functional.silu(layer(features))
        for block in self.refine:
            features = features + block(features)
        return features.movedim(1, -1)


def _block(width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.GroupNorm(GROUPS, width),
        nn.Conv2d(width, width, 3, padding=1),
        nn.SiLU(),
        nn.Conv2d(width, width, 3, padding=1),
    )
