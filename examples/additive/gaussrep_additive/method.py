"""`additive`: a network that predicts the sum of Gaussians of any image."""

from collections.abc import Sequence
from math import pi

import torch
from jaxtyping import Float
from torch import Tensor, nn

import gaussrep as gr
from gaussrep import Gaussians
from gaussrep.methods import Batch, Embedding, Method, StepOutput
from gaussrep.metrics import psnr
from gaussrep_additive.config import AdditiveConfig
from gaussrep_additive.flat import flat_gaussians, image_cameras

CHANNELS = {"centers": 2, "sigmas": 2, "angles": 1, "colors": 3}
NUM_CHANNELS = sum(CHANNELS.values())
"""Numbers per Gaussian (paper: 8)."""
INITIAL_SIGMA = 0.5
"""Initial standard deviation, in cells."""
MAX_OFFSET = 1.5
"""Largest distance in cells of a Gaussian from the center of its own cell, along each axis."""


class AdditiveImages(Method):
    """An encoder, a head that predicts flat Gaussians, and a renderer that sums them.

    Args:
        config: The parts, and the number of Gaussians.
    """

    config: AdditiveConfig

    def __init__(self, config: AdditiveConfig) -> None:
        super().__init__(config)
        self.encoder = gr.build("encoders", config.encoder)
        self.loss = gr.build("losses", config.loss)
        self.head = GaussianHead(self.encoder.width, config.per_cell)

    def training_loss(self, batch: Batch) -> StepOutput:
        """Compare the rendered sums with the images.

        Args:
            batch: `image`, [B, 3, H, W] in [0, 1].

        Returns:
            The loss; the PSNR in dB as a metric.
        """
        target = batch["image"].movedim(1, -1)
        rendered = self.render(self.gaussians(batch), *target.shape[1:3])
        decibels = psnr(rendered.detach().clamp(0, 1), target).mean()
        return StepOutput(self.loss(rendered, target), {"psnr": decibels})

    def gaussians(self, batch: Batch) -> Gaussians:
        """Predict the Gaussians of images.

        Args:
            batch: `image`, [B, 3, H, W] in [0, 1].

        Returns:
            Flat Gaussians in the frame, with batch axis [B]; only an additive renderer
            reconstructs the images from them.
        """
        images = batch["image"]
        return self.head(self.encoder(images), *images.shape[2:])

    def render(self, gaussians: Gaussians, height: int, width: int) -> Float[Tensor, "b h w 3"]:
        """Render sums of Gaussians over black, in float32.

        Args:
            gaussians: Gaussians of a batch of images, [B, N].
            height: Height of the images in pixels.
            width: Width of the images in pixels.

        Returns:
            RGB, not clamped.
        """
        cameras = image_cameras(len(gaussians.means), height, width, gaussians.device)
        with torch.autocast(gaussians.device.type, enabled=False):
            return gr.render(gaussians, cameras, self.config.renderer).color[:, 0]

    def embed(self, batch: Batch) -> Embedding:
        """Return the encoder's features.

        Args:
            batch: `image`, [B, 3, H, W] in [0, 1].

        Returns:
            One vector per cell, row by row, and their mean.
        """
        tokens = self.encoder(batch["image"]).flatten(1, 2)
        return Embedding(tokens, tokens.mean(1))

    def embedding_layers(self) -> Sequence[nn.Module]:
        """Return the encoder as one layer.

        Returns:
            A list of one module.
        """
        return [self.encoder]


class GaussianHead(nn.Module):
    """Predict a few flat Gaussians per cell of a grid by a linear layer.

    Initially they are round, around the centers of their cells, and sum to about the gray of raw
    colors of 0: M Gaussians of standard deviation σ per unit of area sum to 2πσ²M times their
    color.

    Args:
        width: Length of a cell's vector.
        per_cell: Gaussians per cell, M.
    """

    def __init__(self, width: int, per_cell: int) -> None:
        super().__init__()
        self.per_cell = per_cell
        self.linear = nn.Linear(width, per_cell * NUM_CHANNELS)
        self.weight = 1 / (2 * pi * INITIAL_SIGMA**2 * per_cell)

    def forward(
        self, cells: Float[Tensor, "b rows columns width"], height: int, width: int
    ) -> Gaussians:
        """Predict the Gaussians of the cells.

        Args:
            cells: The encoder's grid over each image.
            height: Height of the images in pixels.
            width: Width of the images in pixels.

        Returns:
            Gaussians in the frame, [B, rows · columns · per_cell], float32.
        """
        rows, columns = cells.shape[1:3]
        raw = self.linear(cells).float().unflatten(-1, (self.per_cell, NUM_CHANNELS))
        raw_centers, raw_sigmas, raw_angles, raw_colors = raw.split(list(CHANNELS.values()), -1)
        size = raw.new_tensor([width, height]) * 2 / max(width, height)
        cell = size / raw.new_tensor([columns, rows])
        centers = cell * _cell_centers(raw, rows, columns) - size / 2
        return flat_gaussians(
            (centers[:, :, None] + MAX_OFFSET * cell * raw_centers.tanh()).flatten(1, 3),
            (INITIAL_SIGMA * cell * raw_sigmas.clamp(-3, 3).exp()).flatten(1, 3),
            raw_angles.flatten(1),
            (self.weight * (0.5 + raw_colors)).flatten(1, 3),
        )


def _cell_centers(like: Tensor, rows: int, columns: int) -> Float[Tensor, "rows columns 2"]:
    """Centers of the cells, in cells."""
    x, y = torch.arange(columns).to(like) + 0.5, torch.arange(rows).to(like) + 0.5
    return torch.stack(torch.meshgrid(x, y, indexing="xy"), -1)
