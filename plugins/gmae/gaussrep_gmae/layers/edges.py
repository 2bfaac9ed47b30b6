"""Boundaries that the layers show without being asked."""

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.gaussians import Gaussians
from gaussrep_gmae.layers.prefixes import depth_prefixes, render_kept

FAINT = 1 / 255
"""Renderers leave out what is fainter: where alpha is less, a pixel has no colour yet."""


def edges(gaussians: Gaussians, layers: int, size: int) -> Float[Tensor, "b size size"]:
    """How much each pixel changes its colour as farther layers are added (ours).

    The paper adds groups of the depth order one by one and numbers each pixel by the last group
    that changes it significantly; its edges are where the numbers jump. Those depend on which of
    many equal Gaussians happens to lie nearer. Here what is kept is the change itself, in the
    colour of what has been painted so far, without the empty picture behind it: let `a_l` be the
    alpha and `c_l` the colour over black, divided by `a_l`, of the nearest `l` groups. The strength
    is the sum over l > 1 of `a_(l-1)` times the largest change from `c_(l-1)` to `c_l` over the
    channels. Within a surface the first group settles the colour, and the sum is 0; at a boundary
    Gaussians of both sides paint the pixel, and later groups go on changing it.

    Args:
        gaussians: Gaussians of a batch of images, [B, K].
        layers: Number of groups of equal count L, from 2 to K.
        size: Side of the maps in pixels.

    Returns:
        Strength in [0, 1], 0 where all layers agree; sums over 1 are cut.

    Raises:
        ValueRangeError: There are more groups than Gaussians.
    """
    black = torch.zeros(3, device=gaussians.device)
    shown = render_kept(gaussians, depth_prefixes(gaussians, layers), size, black)
    painted = shown.color / shown.alpha.clamp_min(FAINT)[..., None]
    changes = painted.diff(dim=1).abs().amax(dim=-1)
    return (changes * shown.alpha[:, :-1]).sum(dim=1).clamp(0, 1)
