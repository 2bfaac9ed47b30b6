"""Reconstructions of masked images."""

from dataclasses import dataclass

import torch
from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor

from gaussrep.metrics import mean_visible_color, psnr
from gaussrep.report import Panel
from gaussrep_gmae.masked import MaskedMethod

SEED = 0
"""Seed of the masks, so that reports on the same images show the same patches."""

MASK_GRAY = 0.88
"""Gray level of masked patches."""


@dataclass(frozen=True)
class MaskedPSNR:
    """PSNR of one image's masked pixels, in dB.

    Args:
        psnr: PSNR of the reconstruction.
        baseline: PSNR of the image's mean visible color.
    """

    psnr: float
    baseline: float

    @property
    def gain(self) -> float:
        """Gain of the reconstruction over the baseline."""
        return self.psnr - self.baseline


@dataclass(frozen=True)
class MaskedSample:
    """One image, masked and reconstructed.

    Args:
        psnr: PSNR of its masked pixels.
        panels: Input, visible patches, reconstruction, and the reconstruction with the visible
            patches of the input.
    """

    psnr: MaskedPSNR
    panels: tuple[Panel, Panel, Panel, Panel]


def masked_samples(method: MaskedMethod, images: Float[Tensor, "b 3 h w"]) -> list[MaskedSample]:
    """Mask images at the configured ratio and reconstruct them.

    Args:
        method: The trained model, in evaluation mode.
        images: RGB in [0, 1].

    Returns:
        One sample per image.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        visible = method.random_visible(len(images))
    masked = method.masked_pixels(visible)
    predicted = rearrange(method.predict({"image": images}, visible).images, "b c h w -> b h w c")
    results = masked_psnr(images, predicted, masked)
    return [
        MaskedSample(result, _panels(image, reconstruction, mask))
        for result, image, reconstruction, mask in zip(
            results, images, predicted, masked, strict=True
        )
    ]


def _panels(
    image: Float[Tensor, "3 h w"],
    reconstruction: Float[Tensor, "h w 3"],
    masked: Bool[Tensor, "h w"],
) -> tuple[Panel, Panel, Panel, Panel]:
    original, hidden = rearrange(image, "c h w -> h w c"), masked[..., None]
    return (
        Panel.from_pixels("input", original),
        Panel.from_pixels("visible", torch.where(hidden, MASK_GRAY, original)),
        Panel.from_pixels("reconstruction", reconstruction),
        Panel.from_pixels("completed", torch.where(hidden, reconstruction, original)),
    )


def masked_psnr(
    images: Float[Tensor, "b 3 h w"],
    reconstructions: Float[Tensor, "b h w 3"],
    masked: Bool[Tensor, "b h w"],
) -> list[MaskedPSNR]:
    """Compute the PSNR of reconstructions on masked pixels.

    Args:
        images: Input images in [0, 1].
        reconstructions: Reconstructed images in [0, 1].
        masked: True for masked pixels.

    Returns:
        One result per image.
    """
    flat = mean_visible_color(images, masked)
    predicted = rearrange(reconstructions, "b h w c -> b c h w")
    values, baselines = (
        psnr(each, images, masked, channel_dim=-3).tolist() for each in (predicted, flat)
    )
    return [MaskedPSNR(a, b) for a, b in zip(values, baselines, strict=True)]
