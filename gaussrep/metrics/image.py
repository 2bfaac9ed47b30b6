"""Metrics of rendered and reconstructed images."""

import torch
from einops import repeat
from jaxtyping import Bool, Float
from torch import Tensor

from gaussrep.metrics.structural_similarity import ssim_map

MIN_SQUARED_ERROR = 1e-10
"""Below this mean squared error the PSNR stays at 100 dB."""
_IMAGE = (-3, -2, -1)


def masked_mean(
    values: Float[Tensor, "*batch x y z"], mask: Bool[Tensor, "*batch h w"], channel_dim: int = -1
) -> Float[Tensor, "*batch"]:
    """Average over the masked pixels and all channels of each image.

    Args:
        values: One value per pixel and channel, finite everywhere.
        mask: True where a pixel counts.
        channel_dim: Axis of the channels: -1 for [*batch, H, W, C], -3 for [*batch, C, H, W].

    Returns:
        One mean per image; 0 where no pixel counts.
    """
    weights = mask.unsqueeze(channel_dim).to(values.dtype)
    count = values.shape[channel_dim] * weights.sum(_IMAGE)
    return (values * weights).sum(_IMAGE) / count.clamp_min(1)


def psnr(
    prediction: Float[Tensor, "*batch x y z"],
    target: Float[Tensor, "*batch x y z"],
    mask: Bool[Tensor, "*batch h w"] | None = None,
    channel_dim: int = -1,
) -> Float[Tensor, "*batch"]:
    """Compute the peak signal-to-noise ratio of each image, for values in [0, 1].

    Args:
        prediction: Images with values in [0, 1].
        target: Images of the same shape.
        mask: True where a pixel counts; None counts all.
        channel_dim: Axis of the channels: -1 for [*batch, H, W, C], -3 for [*batch, C, H, W].

    Returns:
        Decibels, at most 100; one number per image.

    Examples:
        >>> import torch
        >>> psnr(torch.zeros(4, 4, 3), torch.full((4, 4, 3), 0.1)).item()
        20.0
    """
    errors = (prediction - target).square()
    mean = errors.mean(_IMAGE) if mask is None else masked_mean(errors, mask, channel_dim)
    return -10 * mean.clamp_min(MIN_SQUARED_ERROR).log10()


def ssim(
    prediction: Float[Tensor, "b x y z"],
    target: Float[Tensor, "b x y z"],
    mask: Bool[Tensor, "b h w"] | None = None,
    channel_dim: int = -1,
) -> Float[Tensor, " b"]:
    """Compute the mean structural similarity of each image; see `ssim_map`.

    Windows reach beyond the mask: the index of a masked pixel also depends on its neighbors.

    Args:
        prediction: Images with values in [0, 1], at least 5 pixels a side.
        target: Images of the same shape.
        mask: True where a pixel counts; None counts all.
        channel_dim: Axis of the channels: -1 for [B, H, W, C], -3 for [B, C, H, W].

    Returns:
        Values in [-1, 1], one per image; 1 if the images are equal.

    Raises:
        ShapeError: The images are smaller than half of the window.
    """
    index = ssim_map(prediction.movedim(channel_dim, -3), target.movedim(channel_dim, -3))
    return index.mean(_IMAGE) if mask is None else masked_mean(index, mask, -3)


def mean_visible_color(
    images: Float[Tensor, "b c h w"], masked: Bool[Tensor, "b h w"]
) -> Float[Tensor, "b c h w"]:
    """Fill each image with the mean color of its visible pixels, the baseline of reconstruction.

    Args:
        images: RGB in [0, 1].
        masked: True where a pixel is not visible.

    Returns:
        Images of one color each; black where no pixel is visible.
    """
    visible = (~masked)[:, None].to(images.dtype)
    color = (images * visible).sum((2, 3)) / visible.sum((2, 3)).clamp_min(1)
    return repeat(color, "b c -> b c h w", h=images.shape[2], w=images.shape[3])


def depth_error(
    rendered: Float[Tensor, "*batch h w"],
    measured: Float[Tensor, "*batch h w"],
    mask: Bool[Tensor, "*batch h w"] | None = None,
) -> Float[Tensor, ""]:
    """Compute the mean absolute error of depth.

    Args:
        rendered: Expected depth, 0 where nothing is rendered.
        measured: Measured depth in the same unit, 0 where there is none.
        mask: True where a pixel counts; None counts pixels with a measured depth.

    Returns:
        Mean over the pixels that count, in the unit of the depths; 0 where there are none.
    """
    mask = measured > 0 if mask is None else mask
    errors = torch.where(mask, rendered - measured, 0).abs()
    return errors.sum() / mask.sum().clamp_min(1)
