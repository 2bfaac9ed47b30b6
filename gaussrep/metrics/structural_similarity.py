"""Structural similarity of images, pixel by pixel."""

from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.errors import ShapeError

RADIUS = 5
"""Half of the window, which is 11 pixels wide (Wang et al. 2004, section III.C)."""
SIGMA = 1.5
"""Standard deviation of the Gaussian window in pixels (same)."""
K1, K2 = 0.01, 0.03
"""Constants that keep the quotient stable (same)."""
BLOCK = 128
"""Pixels per product with a band matrix; wider images are cut into such blocks."""


def ssim_map(
    first: Float[Tensor, "b c h w"], second: Float[Tensor, "b c h w"]
) -> Float[Tensor, "b c h w"]:
    """SSIM index around every pixel, of each channel (Wang et al. 2004).

    At the borders, images are continued by their mirror image, the outermost pixel included. The
    window is applied along rows and columns as products with band matrices, which PyTorch's CPU
    kernels do several times faster than a convolution of one channel.

    Args:
        first: Values in [0, 1]; at least 5 pixels wide and high; gradients flow to both.
        second: The same of another image; either may be the reference.

    Returns:
        Values in [-1, 1]; 1 if the images are the same.

    Raises:
        ShapeError: The images are smaller than half of the window.
    """
    if min(first.shape[-2:]) < RADIUS:
        raise ShapeError(
            f"images have shape {list(first.shape)}, expected at least {RADIUS} pixels a side"
        )
    mean1, square1, product = _blurred(torch.stack([first, first.square(), first * second]))
    mean2, square2 = _blurred(torch.stack([second, second.square()]))
    var1, var2 = square1 - mean1.square(), square2 - mean2.square()
    covariance = product - mean1 * mean2
    above = (2 * mean1 * mean2 + K1**2) * (2 * covariance + K2**2)
    below = (mean1.square() + mean2.square() + K1**2) * (var1 + var2 + K2**2)
    return above / below


def _blurred(images: Float[Tensor, "*batch h w"]) -> Float[Tensor, "*batch h w"]:
    for _ in range(2):  # along the width, then along what was the height
        images = _along_width(images).mT
    return images


def _along_width(images: Float[Tensor, "*batch h w"]) -> Float[Tensor, "*batch h w"]:
    left, right = images[..., :RADIUS].flip(-1), images[..., -RADIUS:].flip(-1)
    padded = torch.cat([left, images, right], dim=-1)
    width = images.shape[-1]
    parts = [
        padded[..., start : min(start + BLOCK, width) + 2 * RADIUS]
        for start in range(0, width, BLOCK)
    ]
    return torch.cat(
        [part @ _band(part.shape[-1], part.dtype, part.device) for part in parts], dim=-1
    )


@cache
def _band(rows: int, dtype: torch.dtype, device: torch.device) -> Float[Tensor, "rows columns"]:
    """Column j holds the window from row j on."""
    offsets = torch.arange(-RADIUS, RADIUS + 1, dtype=dtype, device=device)
    window = (-0.5 * (offsets / SIGMA).square()).exp()
    window = window / window.sum()
    columns = rows - 2 * RADIUS
    band = torch.zeros(columns, rows + 1, dtype=dtype, device=device)
    band[:, : 2 * RADIUS + 1] = window  # read in rows one shorter, each window moves one further
    return band.flatten()[: columns * rows].view(columns, rows).mT
