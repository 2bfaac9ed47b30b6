"""Structural similarity of images, pixel by pixel."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from gaussrep.errors import ShapeError

RADIUS = 5
"""Half of the window, which is 11 pixels wide (Wang et al. 2004, section III.C)."""
SIGMA = 1.5
"""Standard deviation of the Gaussian window in pixels (same)."""
K1, K2 = 0.01, 0.03
"""Constants that keep the quotient stable (same)."""


def ssim_map(
    first: Float[Tensor, "b c h w"], second: Float[Tensor, "b c h w"]
) -> Float[Tensor, "b c h w"]:
    """SSIM index around every pixel, of each channel (Wang et al. 2004).

    At the borders, images are continued by their mirror image, the outermost pixel included.

    Args:
        first: Values in [0, 1]; at least 5 pixels wide and high.
        second: The same of another image; either may be the reference.

    Returns:
        Values in [-1, 1]; 1 where the images are the same.

    Raises:
        ShapeError: The images are smaller than half of the window.
    """
    if min(first.shape[-2:]) < RADIUS:
        raise ShapeError(
            f"images have shape {list(first.shape)}, wanted at least {RADIUS} pixels a side"
        )
    mean1, mean2 = _blurred(first), _blurred(second)
    var1 = _blurred(first.square()) - mean1.square()
    var2 = _blurred(second.square()) - mean2.square()
    covariance = _blurred(first * second) - mean1 * mean2
    above = (2 * mean1 * mean2 + K1**2) * (2 * covariance + K2**2)
    below = (mean1.square() + mean2.square() + K1**2) * (var1 + var2 + K2**2)
    return above / below


def _blurred(images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
    offsets = torch.arange(-RADIUS, RADIUS + 1, dtype=images.dtype, device=images.device)
    window = (-0.5 * (offsets / SIGMA).square()).exp()
    window = window / window.sum()
    for _ in range(2):  # along the width, then along what was the height
        images = _along_width(images, window).transpose(-1, -2)
    return images


def _along_width(
    images: Float[Tensor, "b c h w"], window: Float[Tensor, " taps"]
) -> Float[Tensor, "b c h w"]:
    left, right = images[..., :RADIUS].flip(-1), images[..., -RADIUS:].flip(-1)
    padded = torch.cat([left, images, right], dim=-1)
    rows = padded.flatten(0, 2)[:, None]
    return functional.conv1d(rows, window[None, None]).view(images.shape)
