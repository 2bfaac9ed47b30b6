"""How well hidden patches were said, against knowing nothing but the mean of what was seen."""

from dataclasses import dataclass

from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor

from gaussrep.metrics import mean_visible_color, psnr


@dataclass(frozen=True)
class Gain:
    """Quality of one image's masked pixels, in dB PSNR.

    Args:
        psnr: Of the reconstruction.
        baseline: Of the image's mean visible color, everywhere.
    """

    psnr: float
    baseline: float

    @property
    def decibels(self) -> float:
        """How much better the reconstruction is."""
        return self.psnr - self.baseline


def measure(
    images: Float[Tensor, "b 3 h w"],
    pictures: Float[Tensor, "b h w 3"],
    masked: Bool[Tensor, "b h w"],
) -> list[Gain]:
    """Compare pictures with images on masked pixels.

    Args:
        images: The truth, in [0, 1].
        pictures: The reconstructions.
        masked: Which pixels were hidden.

    Returns:
        One gain per image.
    """
    flat = mean_visible_color(images, masked)
    said = rearrange(pictures, "b h w c -> b c h w")
    found, known = (psnr(each, images, masked, channel_dim=-3).tolist() for each in (said, flat))
    return [Gain(a, b) for a, b in zip(found, known, strict=True)]
