"""The three losses of the paper, and the metrics that are logged beside them."""

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import cosine_similarity

from gaussrep import metrics
from gaussrep.losses.pixel import L1
from gaussrep.rendering import Rendering


def color_loss(rendering: Rendering, images: Float[Tensor, "b v 3 h w"]) -> Float[Tensor, ""]:
    """Compute L_img: the L1 between rendered and real colors, over all pixels (paper).

    Args:
        rendering: Rendered views.
        images: Real views, RGB in [0, 1].

    Returns:
        A scalar.
    """
    return L1()(rendering.color, rearrange(images, "b v c h w -> b v h w c"))


def depth_loss(rendering: Rendering, depths: Float[Tensor, "b v h w"]) -> Float[Tensor, ""]:
    """Compute L_dep: the L1 between rendered and measured depth (paper).

    Pixels without measured depth do not count (design choice).

    Args:
        rendering: Rendered views, with expected depth.
        depths: Measured depth in the same units; 0 where there is none.

    Returns:
        A scalar.
    """
    return L1()(rendering.depth[..., None], depths[..., None], depths > 0)


def semantic_loss(
    prediction: Float[Tensor, "n rows columns d"], target: Float[Tensor, "n rows columns d"]
) -> Float[Tensor, ""]:
    """Compute L_sem: one minus the mean cosine of projected and teacher features (paper).

    Args:
        prediction: Projected rendered features F̂.
        target: The teacher's features F*.

    Returns:
        A scalar, from 0 to 2.
    """
    return 1 - cosine_similarity(prediction, target, dim=-1).mean()


def psnr(rendering: Rendering, images: Float[Tensor, "b v 3 h w"]) -> Float[Tensor, "b v"]:
    """Compute the peak signal-to-noise ratio of the rendered colors of each view.

    Args:
        rendering: Rendered views.
        images: Real views, RGB in [0, 1].

    Returns:
        PSNR in dB, at most 100.
    """
    return metrics.psnr(rendering.color.clamp(0, 1), rearrange(images, "b v c h w -> b v h w c"))


def depth_error(
    rendering: Rendering, depths: Float[Tensor, "b v h w"], scale: Float[Tensor, " b"]
) -> Float[Tensor, ""]:
    """Compute the mean absolute depth error where depth was measured.

    Args:
        rendering: Rendered views, with expected depth in cuboid units.
        depths: Measured depth in cuboid units; 0 where there is none.
        scale: Cuboid units per unit of the points.

    Returns:
        A scalar in the units of the points.
    """
    metric = torch.stack([rendering.depth, depths]) / scale[:, None, None, None]
    return metrics.depth_error(metric[0], metric[1], depths > 0)
