"""How well hidden patches were said, against knowing nothing but the mean of what was seen."""

from dataclasses import dataclass

from einops import rearrange, repeat
from jaxtyping import Bool, Float
from torch import Tensor

from gaussrep_gmae.masking import mean_of


@dataclass(frozen=True)
class Gain:
    """Quality of one image's masked pixels, in dB PSNR.

    Args:
        psnr: Of the reconstruction.
        baseline: Of the image's mean visible colour, everywhere.
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
    truth = rearrange(images, "b c h w -> b h w c")
    seen = (~masked)[..., None].to(truth.dtype)
    mean = (truth * seen).sum((1, 2)) / seen.sum((1, 2)).clamp_min(1)
    height, width = truth.shape[1:3]
    flat = repeat(mean, "b c -> b h w c", h=height, w=width)
    found, known = (_psnr(picture, truth, masked) for picture in (pictures, flat))
    return [Gain(a, b) for a, b in zip(found, known, strict=True)]


def _psnr(picture: Tensor, truth: Tensor, masked: Tensor) -> list[float]:
    error = mean_of((picture - truth).square(), masked)
    return (-10 * error.clamp_min(1e-10).log10()).tolist()
