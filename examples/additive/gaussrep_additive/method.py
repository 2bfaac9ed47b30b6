"""`additive`: a network that says any picture as a sum of Gaussians."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

import gaussrep as gr
from gaussrep import Gaussians, build
from gaussrep.methods import Batch, Embedding, Method, StepOutput
from gaussrep.metrics import psnr
from gaussrep_additive.config import AdditiveConfig
from gaussrep_additive.flat import frame
from gaussrep_additive.head import GaussianHead


class AdditivePictures(Method):
    """An encoder, a head that speaks in flat Gaussians, and a renderer that adds them up.

    Args:
        config: The parts, and the number of Gaussians.
    """

    config: AdditiveConfig

    def __init__(self, config: AdditiveConfig) -> None:
        super().__init__(config)
        self.encoder = build("encoders", config.encoder)
        self.loss = build("losses", config.loss)
        self.head = GaussianHead(self.encoder.width, config.per_cell)

    def training_loss(self, batch: Batch) -> StepOutput:
        """Compare the sums with the pictures.

        Args:
            batch: `image`, [B, 3, H, W] in [0, 1].

        Returns:
            The loss; besides it the PSNR in dB.
        """
        target = batch["image"].movedim(1, -1)
        drawn = self.draw(self.gaussians(batch), *target.shape[1:3])
        decibels = psnr(drawn.detach().clamp(0, 1), target).mean()
        return StepOutput(self.loss(drawn, target), {"psnr": decibels})

    def gaussians(self, batch: Batch) -> Gaussians:
        """Say pictures in Gaussians.

        Args:
            batch: `image`, [B, 3, H, W] in [0, 1].

        Returns:
            Flat Gaussians in the frame, with batch axis [B]; only an additive renderer gives them
            back as they are meant.
        """
        images = batch["image"]
        return self.head(self.encoder(images), *images.shape[2:])

    def draw(self, gaussians: Gaussians, height: int, width: int) -> Float[Tensor, "b h w 3"]:
        """Add Gaussians up over black, in float32.

        Args:
            gaussians: Of a batch of pictures, [B, N].
            height: In pixels.
            width: In pixels.

        Returns:
            RGB, not clamped.
        """
        cameras = frame(len(gaussians.means), height, width, gaussians.device)
        with torch.autocast(gaussians.device.type, enabled=False):
            return gr.render(gaussians, cameras, self.config.renderer).color[:, 0]

    def embed(self, batch: Batch) -> Embedding:
        """Give the encoder's features.

        Args:
            batch: `image`, [B, 3, H, W] in [0, 1].

        Returns:
            One vector per cell, row by row, and their mean.
        """
        tokens = self.encoder(batch["image"]).flatten(1, 2)
        return Embedding(tokens, tokens.mean(1))

    def embedding_layers(self) -> Sequence[nn.Module]:
        """The encoder, as one layer."""
        return [self.encoder]
