"""Structural similarity as a loss: the index of `gaussrep.evaluation.ssim`, fast on the CPU."""

from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.evaluation.ssim import K1, K2, RADIUS, SIGMA

BLOCK = 128
"""Pixels per product with a band matrix: wider pictures are cut, so that work grows with them."""


def mean_ssim(said: Float[Tensor, "b h w c"], truth: Float[Tensor, "b h w c"]) -> Float[Tensor, ""]:
    """Mean SSIM index over all pixels and channels, as `ssim_map` gives it.

    The window is applied along rows and columns as products with band matrices, which PyTorch's CPU
    kernels do several times faster than a convolution of one channel.

    Args:
        said: Channels-last pictures with values in [0, 1]; gradients flow to them.
        truth: What they should be; at least 5 pixels wide and high.

    Returns:
        A scalar in [-1, 1].
    """
    said, truth = (pictures.permute(0, 3, 1, 2) for pictures in (said, truth))
    mean1, square1, product = _blurred(torch.stack([said, said.square(), said * truth])).unbind(0)
    mean2, square2 = _blurred(torch.stack([truth, truth.square()])).unbind(0)
    var1, var2 = square1 - mean1.square(), square2 - mean2.square()
    covariance = product - mean1 * mean2
    above = (2 * mean1 * mean2 + K1**2) * (2 * covariance + K2**2)
    below = (mean1.square() + mean2.square() + K1**2) * (var1 + var2 + K2**2)
    return (above / below).mean()


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
