"""An encoder of patches."""

from gaussrep import ImageEncoder
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from new_plugin.config import PatchesConfig


class Patches(ImageEncoder):
    """Encodes every square patch as a vector, then mixes the vectors of neighbors.

    Args:
        config: Side of a patch, length of a vector, number of layers.
    """

    def __init__(self, config: PatchesConfig) -> None:
        super().__init__()
        self.config = config
        self.first = nn.Conv2d(3, config.width, config.patch, stride=config.patch)
        self.layers = nn.ModuleList(
            nn.Conv2d(config.width, config.width, 3, padding=1) for _ in range(config.depth)
        )

    @property
    def width(self) -> int:
        """Length of a feature vector."""
        return self.config.width

    def forward(
        self, images: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch rows columns channels"]:
        """Encode a batch of images.

        Args:
            images: RGB in [0, 1]; padded with gray to whole patches.

        Returns:
            One vector per patch, top row first.
        """
        patch = self.config.patch
        missing = (-images.shape[3] % patch, -images.shape[2] % patch)
        centered = functional.pad(2 * images - 1, (0, missing[0], 0, missing[1]))
        features = self.first(centered)
        for layer in self.layers:
            features = features + functional.gelu(layer(features))
        return features.movedim(1, -1)
