"""The loss between what is drawn and what was taken."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.fitting.capture import PosedPictures
from gaussrep.fitting.config import LossConfig
from gaussrep.metrics.ssim import ssim_map
from gaussrep.rendering.renderer import Rendering


@dataclass(frozen=True, eq=False)
class Objective:
    """A loss and its parts.

    Args:
        total: What is minimized: (1 - λ) L1 + λ (1 - SSIM), and the depth's share.
        l1: Mean absolute error of the colors.
        ssim: Mean SSIM index.
        depth: Mean absolute error of measured depths in extents; 0 where it has no weight.
    """

    total: Float[Tensor, ""]
    l1: Float[Tensor, ""]
    ssim: Float[Tensor, ""]
    depth: Float[Tensor, ""]


def measure_objective(
    rendering: Rendering,
    pictures: PosedPictures,
    background: Float[Tensor, " 3"],
    config: LossConfig,
    extent: float,
) -> Objective:
    """Compare views as drawn with views as taken (Kerbl et al. 2023, equation 7).

    Args:
        rendering: V views, drawn over the background; its gradients are wanted.
        pictures: The same views.
        background: RGB behind transparent pictures.
        config: Weights.
        extent: The scene's, in scene units.

    Returns:
        The loss and its parts.
    """
    truth = pictures.over(background)
    l1 = (rendering.color - truth).abs().mean()
    ssim = _mean_ssim(rendering.color, truth) if config.ssim else l1.new_zeros(())
    total = (1 - config.ssim) * l1 + config.ssim * (1 - ssim)
    depth = l1.new_zeros(())
    if config.depth and pictures.depths is not None:
        depth = depth_error(rendering.depth, pictures.depths) / extent
        total = total + config.depth * depth
    return Objective(total, l1, ssim, depth)


def depth_error(
    drawn: Float[Tensor, "v h w"], measured: Float[Tensor, "v h w"]
) -> Float[Tensor, ""]:
    """Mean absolute error of depth where it was measured and something is drawn.

    Args:
        drawn: Expected depth, 0 where nothing is.
        measured: 0 where it was not measured.

    Returns:
        Scene units; 0 where no pixel counts.
    """
    counted = (measured > 0) & (drawn > 0)
    errors = torch.where(counted, drawn - measured, 0).abs()
    return errors.sum() / counted.sum().clamp_min(1)


def _mean_ssim(
    said: Float[Tensor, "v h w c"], truth: Float[Tensor, "v h w c"]
) -> Float[Tensor, ""]:
    return ssim_map(said.permute(0, 3, 1, 2), truth.permute(0, 3, 1, 2)).mean()
