"""Color spaces of Gaussians: sRGB, and linear light with sRGB's primaries."""

from typing import Literal

import torch
from torch import Tensor

ColorSpace = Literal["srgb", "linear"]
LIMIT, SLOPE, SCALE, EXPONENT = 0.0031308, 12.92, 1.055, 2.4
"""Constants of sRGB's transfer function, IEC 61966-2-1."""


def from_srgb(color: Tensor, space: ColorSpace) -> Tensor:
    """Convert colors of sRGB to the color space of a scene.

    Args:
        color: Values in [0, 1] of any shape.
        space: The color space of the scene.

    Returns:
        Values in [0, 1].
    """
    if space == "srgb":
        return color
    curve = ((color + SCALE - 1) / SCALE) ** EXPONENT
    return torch.where(color <= LIMIT * SLOPE, color / SLOPE, curve)


def to_srgb(color: Tensor, space: ColorSpace) -> Tensor:
    """Convert rendered colors to sRGB, for files of images and for screens.

    Args:
        color: Values of any shape, clamped to [0, 1] first.
        space: The color space of the scene.

    Returns:
        Values in [0, 1].
    """
    color = color.clamp(0, 1)
    if space == "srgb":
        return color
    return torch.where(color <= LIMIT, color * SLOPE, SCALE * color ** (1 / EXPONENT) - (SCALE - 1))
