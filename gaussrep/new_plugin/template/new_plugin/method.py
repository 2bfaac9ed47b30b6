"""A method that predicts images as blobs."""

from collections.abc import Sequence

import gaussrep as gr
import torch
from gaussrep import Batch, Cameras, Embedding, Gaussians, Method, StepOutput, build
from gaussrep.metrics import psnr
from jaxtyping import Float
from torch import Tensor, nn

from new_plugin.config import SketchConfig

NUMBERS = 7
"""Parameters of a blob: position (2), size, opacity and color (3)."""
START_SIZE = 0.25
"""Initial standard deviation of a blob, as a fraction of a patch's side."""


class Sketch(Method):
    """Predicts every patch of an image as a few blobs.

    Args:
        config: Encoder, renderer, loss and the number of blobs.
    """

    config: SketchConfig

    def __init__(self, config: SketchConfig) -> None:
        super().__init__(config)
        self.encoder = build("encoders", config.encoder)
        self.loss = build("losses", config.loss)
        self.head = nn.Linear(self.encoder.width, config.blobs * NUMBERS)

    def training_loss(self, batch: Batch) -> StepOutput:
        """Compare the rendered blobs with the images.

        Args:
            batch: `image`, [B, 3, H, W] in [0, 1].

        Returns:
            The loss; besides it the PSNR in dB.
        """
        images = batch["image"]
        drawn = self.draw(self.gaussians(batch), *images.shape[2:])
        target = images.movedim(1, -1)
        decibels = psnr(drawn.detach(), target).mean()
        return StepOutput(self.loss(drawn, target), {"psnr": decibels})

    def gaussians(self, batch: Batch) -> Gaussians:
        """Predict the blobs of images.

        Args:
            batch: `image`, [B, 3, H, W] in [0, 1].

        Returns:
            Round Gaussians in units of pixels, in the plane z = 1; the batch is their leading axis.
        """
        images, features = batch["image"], self.encoder(batch["image"])
        raw = self.head(features).float().unflatten(-1, (self.config.blobs, NUMBERS))
        raw_position, raw_size, raw_opacity, raw_color = raw.split([2, 1, 1, 3], -1)
        rows, columns = features.shape[1:3]
        patch = raw.new_tensor([images.shape[3] / columns, images.shape[2] / rows])
        means2d = patch * (_middles(raw) + raw_position.tanh())
        scales = START_SIZE * patch.mean() * raw_size.clamp(-3, 3).exp()
        return Gaussians(
            means=torch.cat([means2d, torch.ones_like(raw_size)], -1).flatten(1, 3),
            quats=torch.ones_like(raw[..., :4]).flatten(1, 3),
            scales=scales.expand_as(raw_color).flatten(1, 3),
            opacities=raw_opacity.sigmoid().flatten(1),
            colors=raw_color.sigmoid().flatten(1, 3),
        )

    def draw(self, gaussians: Gaussians, height: int, width: int) -> Float[Tensor, "b h w 3"]:
        """Render blobs over black.

        Args:
            gaussians: Blobs in pixels, [B, N].
            height: Height of the images in pixels.
            width: Width of the images in pixels.

        Returns:
            RGB.
        """
        eye = torch.eye(4, device=gaussians.device).expand(len(gaussians.means), 1, 4, 4)
        cameras = Cameras(eye, eye[..., :3, :3], width, height, model="ortho")
        with torch.autocast(gaussians.device.type, enabled=False):
            return gr.render(gaussians, cameras, self.config.renderer).color[:, 0]

    def embed(self, batch: Batch) -> Embedding:
        """Return the encoder's features.

        Args:
            batch: `image`, [B, 3, H, W] in [0, 1].

        Returns:
            One vector per patch, row by row, and their mean.
        """
        tokens = self.encoder(batch["image"]).flatten(1, 2)
        return Embedding(tokens, tokens.mean(1))

    def embedding_layers(self) -> Sequence[nn.Module]:
        """The encoder, as one layer."""
        return [self.encoder]


def _middles(raw: Float[Tensor, "b rows columns m n"]) -> Float[Tensor, "rows columns 1 2"]:
    """Centers of the patches, in patches."""
    rows, columns = raw.shape[1:3]
    x = torch.arange(columns).to(raw) + 0.5
    y = torch.arange(rows).to(raw) + 0.5
    return torch.stack(torch.meshgrid(x, y, indexing="xy"), -1)[:, :, None]
