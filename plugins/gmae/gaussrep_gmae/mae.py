"""MAE: a masked autoencoder that predicts pixels (He et al., arXiv 2111.06377).

It has GMAE's encoder, masks and data, and is the baseline to which GMAE is compared.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from gaussrep.methods import Batch
from gaussrep_gmae.config import MAEConfig
from gaussrep_gmae.encoder import initialize, make_blocks, run_blocks
from gaussrep_gmae.masked import MaskedMethod, MaskedPrediction
from gaussrep_gmae.patches import to_images
from gaussrep_gmae.position import patch_coordinates, sincos_embedding


class MAE(MaskedMethod[MAEConfig]):
    """Predict the pixels of a whole image from a quarter of its patches.

    Args:
        config: Sizes, mask ratio, loss and target.
    """

    def __init__(self, config: MAEConfig) -> None:
        super().__init__(config)
        self.decoder = PatchDecoder(config, self.encoder.width)

    def predict(self, batch: Batch, visible: Int[Tensor, "b visible"]) -> MaskedPrediction:
        """Predict the pixels of images from their visible patches.

        Args:
            batch: `image`, [B, 3, S, S] in [0, 1].
            visible: Indices of the visible patches.

        Returns:
            The images, and the prediction of the target.
        """
        images = self.input_images(batch)
        patches = self.decoder(self.encoder.checked_tokens(images, visible), visible)
        return self.prediction(to_images(patches, self.config.patch_size), images)

    def no_weight_decay(self) -> set[str]:
        """Return the learned tokens, like GMAE's queries.

        Returns:
            Names as in `named_parameters`.
        """
        return {"decoder.mask_token", *super().no_weight_decay()}


class PatchDecoder(nn.Module):
    """Self-attention over visible latents and one mask token for each masked patch.

    Args:
        config: The method's configuration.
        latent_width: Channels of a latent.
    """

    places: Tensor

    def __init__(self, config: MAEConfig, latent_width: int) -> None:
        super().__init__()
        width = config.decoder.width
        self.checkpointing = config.checkpointing
        self.embed = nn.Linear(latent_width, width)
        self.mask_token = nn.Parameter(0.02 * torch.randn(1, 1, width))
        places = sincos_embedding(patch_coordinates(config.side), width)
        self.register_buffer("places", places, persistent=False)
        self.blocks = make_blocks(config.decoder)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.linear = nn.Linear(width, 3 * config.patch_size**2)
        self.apply(initialize)

    def forward(
        self, latents: Float[Tensor, "b tokens width"], visible: Int[Tensor, "b visible"]
    ) -> Float[Tensor, "b patches values"]:
        """Predict the pixels of every patch.

        Args:
            latents: Class token and visible patches, from the encoder.
            visible: Indices of those patches.

        Returns:
            Patches row by row, visible ones included, float32; within each the pixels row by row,
            channels last.
        """
        tokens = self.embed(latents)
        class_token, patches = tokens[:, :1], tokens[:, 1:]
        grid = self.mask_token.to(patches.dtype).expand(len(patches), len(self.places), -1)
        grid = grid.scatter(1, visible[..., None].expand_as(patches), patches)
        sequence = torch.cat([class_token, grid + self.places], dim=1)
        decoded = run_blocks(self.blocks, sequence, self.checkpointing)
        return self.linear(self.norm(decoded)[:, 1:]).float()
