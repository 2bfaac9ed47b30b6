"""The loss of a fit, and the metrics of rendered views."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from gaussrep.fitting.posed_images import PosedImages
from gaussrep.losses.loss import Loss
from gaussrep.metrics import depth_error, psnr, ssim
from gaussrep.metrics.structural_similarity import ssim_map
from gaussrep.rendering.renderer import Rendering


@dataclass(frozen=True, eq=False)
class FitLoss:
    """The loss between views, and its terms.

    Attributes:
        total: Scalar to minimize: the image loss and the weighted depth error.
        terms: Scalars for logs: those of the image loss, and the depth error `depth` in extents, 0
            if it has no weight.
    """

    total: Float[Tensor, ""]
    terms: Mapping[str, Float[Tensor, ""]]


def compute_fit_loss(
    rendering: Rendering,
    images: PosedImages,
    background: Float[Tensor, " 3"],
    loss: Loss,
    *,
    depth_weight: float = 0.0,
    extent: float = 1.0,
) -> FitLoss:
    """Compare rendered views with captured ones, where the masks of these count.

    Args:
        rendering: V views, rendered over the background.
        images: The same views.
        background: RGB behind transparent images.
        loss: Image loss.
        depth_weight: Weight of the mean absolute error of depth in extents.
        extent: Size of the scene in scene units.

    Returns:
        The loss and its terms.
    """
    output = loss.with_terms(rendering.color, images.over(background), images.masks)
    total, depth = output.loss, output.loss.new_zeros(())
    if depth_weight and images.depths is not None:
        both = (images.depths > 0) & (rendering.depth > 0)
        if images.masks is not None:
            both = both & images.masks
        depth = depth_error(rendering.depth, images.depths, both) / extent
        total = total + depth_weight * depth
    return FitLoss(total, {**output.terms, "depth": depth.detach()})


@dataclass(frozen=True, slots=True)
class ImageMetrics:
    """Means over views.

    Attributes:
        psnr: Peak signal-to-noise ratio in decibels.
        ssim: Structural similarity, at most 1.
    """

    psnr: float
    ssim: float


@torch.no_grad()
def compute_image_metrics(
    rendered: Float[Tensor, "v h w 3"],
    target: Float[Tensor, "v h w 3"],
    masks: Bool[Tensor, "v h w"] | None = None,
) -> ImageMetrics:
    """Compare rendered images with captured ones.

    Args:
        rendered: RGB; values are clamped to [0, 1].
        target: RGB in [0, 1].
        masks: True where a pixel counts; None counts all. For SSIM, the other pixels are black in
            both images.

    Returns:
        PSNR and SSIM, means over the views.
    """
    predicted, expected = (images.permute(0, 3, 1, 2) for images in (rendered.clamp(0, 1), target))
    if masks is not None:
        predicted, expected = (images * masks[:, None] for images in (predicted, expected))
        decibels = psnr(predicted, expected, masks, channel_dim=-3).mean().item()
        return ImageMetrics(
            decibels, ssim(predicted, expected, masks, channel_dim=-3).mean().item()
        )
    everywhere = torch.ones_like(predicted[:, 0], dtype=torch.bool)
    decibels = psnr(predicted, expected, everywhere, channel_dim=-3).mean().item()
    return ImageMetrics(decibels, ssim_map(predicted, expected).mean().item())
