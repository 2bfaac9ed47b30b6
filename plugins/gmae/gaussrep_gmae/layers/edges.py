"""Boundaries that the layers show without being asked."""

import torch
from einops import rearrange, reduce
from jaxtyping import Float
from torch import Tensor

from gaussrep.gaussians import Gaussians
from gaussrep.rendering.conventions import MIN_ALPHA
from gaussrep_gmae.layers.color_gradient import color_gradient
from gaussrep_gmae.layers.prefixes import depth_prefixes, render_kept


def edges(gaussians: Gaussians, layers: int, size: int) -> Float[Tensor, "b size size"]:
    """How fast colors change across what the layers have painted, from the first to all (ours).

    The paper adds groups of the depth order one by one and numbers each pixel by the last group
    that changes it significantly; its edges are where the numbers jump. Those depend on which of
    many equal Gaussians happens to lie nearer. Here what is kept is the paint itself, without the
    empty picture behind it: let `a_l` be the alpha and `c_l` the color over black, divided by
    `a_l`, of the nearest `l` groups. The strength is the mean over `l` of the `color_gradient` of
    `c_l`, times `a_l`: a boundary of the whole picture is in all that painted it, and where
    groups disagree about it, it is weak.

    Args:
        gaussians: Gaussians of a batch of images, [B, K].
        layers: Number of groups of equal count L, from 1, the whole picture, to K.
        size: Side of the maps in pixels.

    Returns:
        Strength in [0, 1], 0 where every layer is of one color; means over 1 are cut.

    Raises:
        ValueRangeError: There are more groups than Gaussians.
    """
    black = torch.zeros(3, device=gaussians.device)
    shown = render_kept(gaussians, depth_prefixes(gaussians, layers), size, black)
    painted = shown.color / shown.alpha.clamp_min(MIN_ALPHA)[..., None]
    slopes = color_gradient(
        rearrange(painted, "b l h w c -> (b l) c h w"),
        rearrange(shown.alpha, "b l h w -> (b l) h w"),
    )
    return reduce(slopes, "(b l) h w -> b h w", "mean", l=layers).clamp(0, 1)
