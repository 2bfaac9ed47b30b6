"""The pictures that show what a model makes of one image."""

from dataclasses import dataclass

import torch
from einops import rearrange
from jaxtyping import Bool, Float
from PIL import Image
from torch import Tensor

from gaussrep.gaussians import Gaussians
from gaussrep_gmae.layers import draw_nearest
from gaussrep_gmae.report.ellipses import draw_ellipses

SIZE = 192
"""Side of every panel in pixels."""

HIDDEN = 0.85
"""Grey level of patches that the encoder did not see."""

SHARES = (16, 8, 4, 2)
"""Layers show the nearest 1/16, 1/8, 1/4, 1/2 of the Gaussians, and then all."""


@dataclass(frozen=True)
class Panel:
    """A picture and what it shows."""

    title: str
    picture: Image.Image


def to_picture(pixels: Float[Tensor, "h w 3"]) -> Image.Image:
    """Enlarge or reduce RGB in [0, 1] to a panel.

    Args:
        pixels: RGB; values outside [0, 1] are clamped.

    Returns:
        RGB picture of side `SIZE`.
    """
    array = (pixels.clamp(0, 1) * 255).round().byte().cpu().numpy()
    return Image.fromarray(array).resize((SIZE, SIZE), Image.Resampling.BICUBIC)


def panels(
    image: Float[Tensor, "3 h w"],
    masked: Bool[Tensor, "h w"],
    picture: Float[Tensor, "h w 3"],
    gaussians: Gaussians,
    background: Float[Tensor, " 3"],
) -> list[Panel]:
    """All panels of one image.

    Args:
        image: The truth, in [0, 1].
        masked: Which pixels were hidden from the encoder.
        picture: The reconstruction.
        gaussians: The Gaussians behind it, [K].
        background: RGB behind them.

    Returns:
        Input, what the encoder saw, reconstruction, ellipses, then layers nearest first.
    """
    truth = rearrange(image, "c h w -> h w c")
    seen = torch.where(masked[..., None], HIDDEN, truth)
    shown = [
        Panel("input", to_picture(truth)),
        Panel("what the encoder saw", to_picture(seen)),
        Panel("reconstruction", to_picture(picture)),
        Panel(f"{gaussians.count} Gaussians", draw_ellipses(gaussians, SIZE)),
    ]
    for share in SHARES:
        count = max(1, gaussians.count // share)
        layer = draw_nearest(gaussians[None], count, image.shape[-1], background)
        shown.append(Panel(f"nearest {count}", to_picture(layer.color[0, 0])))
    return shown
