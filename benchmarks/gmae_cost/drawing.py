"""The share of a training step that is drawing, as a call of its own."""

from collections.abc import Callable, Sequence

import torch
from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor

from gaussrep.gaussians import Gaussians
from gaussrep.metrics.image import masked_mean
from gaussrep_gmae.method import GMAE


def drawing_call(
    method: GMAE,
    gaussians: Gaussians,
    images: Float[Tensor, "b 3 h w"],
    visible: Int[Tensor, "b visible"],
) -> Callable[[], Sequence[Tensor]]:
    """Cut drawing out of a training step.

    Args:
        method: Draws.
        gaussians: Gaussians that the step renders.
        images: Targets of the step's loss.
        visible: Indices of the patches that the step's encoder sees.

    Returns:
        A function that renders detached Gaussians and computes the gradients of all their tensors
        from the gradient of the step's loss with respect to the image.
    """
    leaves = {name: tensor.detach().requires_grad_() for name, tensor in gaussians.tensors()}

    def draw() -> Tensor:
        return method.render(Gaussians(**leaves)).color

    color = draw()
    errors = (color[:, 0] - rearrange(images, "b c h w -> b h w c")).square()
    loss = masked_mean(errors, method.masked_pixels(visible)).mean()
    (weights,) = torch.autograd.grad(loss, color)
    return lambda: torch.autograd.grad(draw(), list(leaves.values()), weights)


def largest(method: GMAE, gaussians: Gaussians) -> Gaussians:
    """Set every scale to its limit, the worst case for the rasterizer.

    Args:
        method: Knows the limit.
        gaussians: Gaussians of a step.

    Returns:
        Gaussians that a trained model could at most grow to.
    """
    return gaussians.replace(scales=torch.full_like(gaussians.scales, method.head.max_scale))
