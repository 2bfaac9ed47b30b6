"""How well pixels that a method did not see were said, image by image."""

from einops import repeat
from jaxtyping import Bool, Float
from torch import Tensor

LEAST_ERROR = 1e-10
"""Below this mean squared error the PSNR stays at 100 dB."""


def mean_of(values: Float[Tensor, "b c h w"], chosen: Bool[Tensor, "b h w"]) -> Float[Tensor, " b"]:
    """Mean over the chosen pixels and all channels of each image.

    Args:
        values: Anything per channel and pixel.
        chosen: Which pixels count.

    Returns:
        One mean per image; 0 where no pixel is chosen.
    """
    weights = chosen[:, None].to(values.dtype)
    count = values.shape[1] * weights.sum((1, 2, 3))
    return (values * weights).sum((1, 2, 3)) / count.clamp_min(1)


def psnr(
    said: Float[Tensor, "b c h w"], images: Float[Tensor, "b c h w"], hidden: Bool[Tensor, "b h w"]
) -> Float[Tensor, " b"]:
    """Peak signal-to-noise ratio on hidden pixels.

    Args:
        said: Values in [0, 1].
        images: The truth.
        hidden: Which pixels count.

    Returns:
        Decibels, at most 100, one number per image.
    """
    error = mean_of((said - images).square(), hidden)
    return -10 * error.clamp_min(LEAST_ERROR).log10()


def mean_visible_color(
    images: Float[Tensor, "b c h w"], hidden: Bool[Tensor, "b h w"]
) -> Float[Tensor, "b c h w"]:
    """Images of one color each, the mean of the pixels that are not hidden; black without any."""
    visible = (~hidden)[:, None].to(images.dtype)
    color = (images * visible).sum((2, 3)) / visible.sum((2, 3)).clamp_min(1)
    return repeat(color, "b c -> b c h w", h=images.shape[2], w=images.shape[3])
