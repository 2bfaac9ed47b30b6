"""The three losses of the paper, and the metrics that are logged beside them."""

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import cosine_similarity

from gaussrep import metrics
from gaussrep.losses.pixel import L1
from gaussrep.rendering import Rendering


def color_loss(drawn: Rendering, images: Float[Tensor, "b v 3 h w"]) -> Float[Tensor, ""]:
    """L_img: L1 between rendered and real colors, over all pixels (paper)."""
    return L1()(drawn.color, rearrange(images, "b v c h w -> b v h w c"))


def depth_loss(drawn: Rendering, depths: Float[Tensor, "b v h w"]) -> Float[Tensor, ""]:
    """L_dep: L1 between rendered and measured depth (paper), where it was measured (ours).

    Args:
        drawn: Gives the expected depth.
        depths: In the same units; 0 where it was not measured.
    """
    return L1()(drawn.depth[..., None], depths[..., None], depths > 0)


def semantic_loss(
    said: Float[Tensor, "n rows columns d"], target: Float[Tensor, "n rows columns d"]
) -> Float[Tensor, ""]:
    """L_sem: one minus the cosine between projected and teacher features, a mean (paper)."""
    return 1 - cosine_similarity(said, target, dim=-1).mean()


def psnr(drawn: Rendering, images: Float[Tensor, "b v 3 h w"]) -> Float[Tensor, "b v"]:
    """Peak signal-to-noise ratio of the rendered colors of each view, in dB, at most 100."""
    return metrics.psnr(drawn.color.clamp(0, 1), rearrange(images, "b v c h w -> b v h w c"))


def depth_error(
    drawn: Rendering, depths: Float[Tensor, "b v h w"], scale: Float[Tensor, " b"]
) -> Float[Tensor, ""]:
    """Mean absolute error of depth in the units of the points, where it was measured.

    Args:
        drawn: Gives the expected depth in cuboid units.
        depths: Measured depth in cuboid units; 0 where there is none.
        scale: Cuboid units per unit of the points.
    """
    metric = torch.stack([drawn.depth, depths]) / scale[:, None, None, None]
    return metrics.depth_error(metric[0], metric[1], depths > 0)
