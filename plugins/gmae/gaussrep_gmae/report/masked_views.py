"""Reconstructions of masked images."""

from dataclasses import dataclass

import torch
from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor

from gaussrep.report.panel import Panel
from gaussrep_gmae.masked import MaskedMethod
from gaussrep_gmae.report.measure import MaskedPSNR, masked_psnr

SEED = 0
"""Seed of the masks, so that reports on the same images show the same patches."""

MASK_GRAY = 0.88
"""Gray level of masked patches."""


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
    predicted = rearrange(method.predict(images, visible).images, "b c h w -> b h w c")
    results = masked_psnr(images, predicted, masked)
    return [
        MaskedSample(psnr, _panels(image, reconstruction, mask))
        for psnr, image, reconstruction, mask in zip(
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
        Panel.of("input", original),
        Panel.of("visible", torch.where(hidden, MASK_GRAY, original)),
        Panel.of("reconstruction", reconstruction),
        Panel.of("completed", torch.where(hidden, reconstruction, original)),
    )
