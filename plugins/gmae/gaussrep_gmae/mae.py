"""MAE: a masked autoencoder that predicts pixels (He et al., arXiv 2111.06377).

It has GMAE's encoder, masks and data, and is the baseline to which GMAE is compared.
"""

from dataclasses import dataclass

import torch
from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor, nn

from gaussrep_gmae.config import MAEConfig
from gaussrep_gmae.encoder import initialize, make_blocks, run_blocks
from gaussrep_gmae.masked import MaskedMethod, MaskedPrediction
from gaussrep_gmae.position import patch_coordinates, sincos_embedding

EPSILON = 1e-6
"""Added to a patch's variance (MAE's code)."""


class MAE(MaskedMethod[MAEConfig]):
    """Predict the pixels of a whole image from a quarter of its patches.

    Args:
        config: Sizes, mask ratio, loss and target.
    """

    def __init__(self, config: MAEConfig) -> None:
        super().__init__(config)
        self.decoder = PatchDecoder(config, self.encoder.width)

    def predict(
        self, images: Float[Tensor, "b 3 h w"], visible: Int[Tensor, "b visible"]
    ) -> MaskedPrediction:
        """Predict the pixels of images from their visible patches.

        Args:
            images: RGB in [0, 1].
            visible: Indices of the visible patches.

        Returns:
            The images, clamped to [0, 1], and the prediction of the target. If the target is
            normalized, the images borrow mean and deviation of each patch from the input, masked
            patches included, so they look better than the prediction, and so does their PSNR.
        """
        size = self.config.patch_size
        target = to_patches(images, size)
        prediction = self.decoder(self.encoder.checked_tokens(images, visible), visible)
        if self.config.target == "normalized":
            normalization = Normalization.of(target)
            target, shown = normalization.apply(target), normalization.undo(prediction)
        else:
            shown = prediction
        compared = (to_images(patches, size) for patches in (prediction, target))
        prediction, target = (rearrange(each, "b c h w -> b h w c") for each in compared)
        return MaskedPrediction(to_images(shown, size).clamp(0, 1), prediction, target)

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


def to_patches(images: Float[Tensor, "b 3 h w"], size: int) -> Float[Tensor, "b n values"]:
    """Cut images into patches.

    Args:
        images: Values per pixel and channel.
        size: Side of a patch in pixels.

    Returns:
        Patches row by row; within each the pixels row by row, channels last.
    """
    return rearrange(images, "b c (h p) (w q) -> b (h w) (p q c)", p=size, q=size)


def to_images(patches: Float[Tensor, "b n values"], size: int) -> Float[Tensor, "b 3 h w"]:
    """Join patches to square images; the inverse of `to_patches`.

    Args:
        patches: Patches row by row; within each the pixels row by row, channels last.
        size: Side of a patch in pixels.

    Returns:
        The images.
    """
    side = round(patches.shape[1] ** 0.5)
    return rearrange(patches, "b (h w) (p q c) -> b c (h p) (w q)", h=side, w=side, p=size, q=size)


@dataclass(frozen=True, slots=True)
class Normalization:
    """Mean and standard deviation of each patch, over its pixels and channels.

    Attributes:
        mean: [B, N, 1].
        deviation: [B, N, 1], > 0, root of the unbiased variance plus `EPSILON`.
    """

    mean: Float[Tensor, "b n 1"]
    deviation: Float[Tensor, "b n 1"]

    @classmethod
    def of(cls, patches: Float[Tensor, "b n values"]) -> "Normalization":
        """Compute mean and deviation of patches.

        Args:
            patches: Patches of the input images.

        Returns:
            Their statistics.
        """
        variance, mean = torch.var_mean(patches, dim=-1, keepdim=True)
        return cls(mean, (variance + EPSILON).sqrt())

    def apply(self, patches: Float[Tensor, "b n values"]) -> Float[Tensor, "b n values"]:
        """Normalize patches by their mean and deviation.

        Args:
            patches: Patches in colors.

        Returns:
            Normalized patches.
        """
        return (patches - self.mean) / self.deviation

    def undo(self, patches: Float[Tensor, "b n values"]) -> Float[Tensor, "b n values"]:
        """Undo `apply`.

        Args:
            patches: Normalized patches.

        Returns:
            Patches in colors.
        """
        return patches * self.deviation + self.mean
