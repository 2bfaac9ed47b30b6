"""PSNR of masked pixels, against the mean visible color."""

from dataclasses import dataclass

from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor

from gaussrep.metrics import mean_visible_color, psnr


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
