"""A gradient to the order in depth, which compositing itself does not have (design choice).

Depth enters an image through the order of the Gaussians only (but for the depth channel), so the
image is piecewise constant in it. The estimator takes the relation of each pair, i before j, as
random with the probability sigmoid((z_j - z_i) / temperature), independently of the others, and
differentiates the expected loss. To first order in the image, reversing the relation of i and j
changes the loss by D_ij, summed over the pixels:

    D_ij = v_j w_j a_i / (1 - a_i) - v_i w_i a_j,    v_k = (dL/dC) . c_k

with alpha a, weight w and channels c. Then dE[L]/dz_i = slope D_ij and dE[L]/dz_j = -slope D_ij,
where slope is the derivative of the sigmoid. For neighbors and a linear loss D_ij is exact. The
image remains that of the true order.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.rendering.compositing import CHANNELS_START, blending_weights, gaussian_alphas

DEPTH_COLUMN = CHANNELS_START + 1
"""Column of packed Gaussians that holds the depth."""


def order_gradient(
    packed_gaussians: Float[Tensor, "i n columns"],
    pixels: Float[Tensor, "*#i p 2"],
    gradient: Float[Tensor, "i p c"],
    window: int,
    temperature: float,
) -> Float[Tensor, "i n"]:
    """Estimate the gradient of a loss to the depths through the order of the Gaussians.

    Args:
        packed_gaussians: Gaussians of each image from `sort_by_depth`.
        pixels: Pixel centers of all images, [P, 2], or of each image, [I, P, 2].
        gradient: Derivative of the loss to the composited channels of every pixel.
        window: Pairs are at most this many places apart in the list of a pixel, which holds the
            Gaussians that contribute to it; at least 1.
        temperature: Difference of depth, in scene units, at which the order of a pair has the
            probability 0.73; > 0.

    Returns:
        The gradient, in units of the loss per scene unit.
    """
    alpha = gaussian_alphas(packed_gaussians, pixels)
    weights = blending_weights(alpha)
    contributes = weights > 0
    alpha = torch.where(contributes, alpha, 0)
    pull = gradient @ packed_gaussians[..., CHANNELS_START:].mT
    depths = packed_gaussians[:, None, :, DEPTH_COLUMN].expand_as(alpha)

    listed = contributes.logical_not().to(torch.uint8).argsort(dim=-1, stable=True)
    alpha, seen, pull, depths = (each.gather(-1, listed) for each in (alpha, weights, pull, depths))
    pushes = torch.zeros_like(alpha)
    for apart in range(1, min(window, alpha.shape[-1] - 1) + 1):
        near, far = (..., slice(None, -apart)), (..., slice(apart, None))
        change = pull[far] * seen[far] * alpha[near] / (1 - alpha[near])
        change = change - pull[near] * seen[near] * alpha[far]
        likely = ((depths[far] - depths[near]) / temperature).sigmoid()
        push = change * likely * (1 - likely) / temperature
        pushes[near] += push
        pushes[far] -= push
    return torch.zeros_like(pushes).scatter(-1, listed, pushes).sum(dim=1)
