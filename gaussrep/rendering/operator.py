"""What the torch operators of the tiled renderers share."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.errors import CapabilityError


def register_derivatives(
    operator: str,
    renderer: str,
    setup_context: Callable[..., None],
    backward: Callable[..., tuple[Tensor | None, ...]],
) -> None:
    """Register the first derivative of an operator, and refuse the second.

    Args:
        operator: Its name; `<name>_backward` computes the gradients.
        renderer: Name of the renderer, for the message.
        setup_context: Keeps what the backward pass needs.
        backward: Computes the gradients.
    """

    def refuse(ctx: Any, gradients: list[Tensor]) -> None:
        raise CapabilityError(
            f"renderer '{renderer}' has first derivatives only; use the renderer 'reference' for "
            "second ones."
        )

    torch.library.register_autograd(operator, backward, setup_context=setup_context)
    torch.library.register_autograd(f"{operator}_backward", refuse)


def fill_unused(images: Iterable[Tensor], grads: Iterable[Tensor | None]) -> list[Tensor]:
    """Give images that the loss does not use an empty gradient.

    Args:
        images: Rendered images.
        grads: Gradients to them; None where the loss does not use an image.

    Returns:
        Tensors for all images.
    """
    return [image[:0] if grad is None else grad for image, grad in zip(images, grads, strict=True)]


def split_camera_gradients(
    sums: Float[Tensor, "*views size"],
) -> tuple[Float[Tensor, "*views 4 4"], Float[Tensor, "*views 3 3"]]:
    """Convert gradients to camera parameters to gradients to matrices.

    Args:
        sums: Gradients to the rows of the rotation, the offset, fx, fy, cx, cy.

    Returns:
        Gradients to `viewmats` and to `Ks`, float32.
    """
    lead = sums.shape[:-1]
    grad_viewmats = sums.new_zeros(*lead, 4, 4, dtype=torch.float32)
    grad_Ks = sums.new_zeros(*lead, 3, 3, dtype=torch.float32)
    grad_viewmats[..., :3, :3] = sums[..., :9].unflatten(-1, (3, 3))
    grad_viewmats[..., :3, 3] = sums[..., 9:12]
    grad_Ks[..., 0, 0], grad_Ks[..., 1, 1] = sums[..., 12], sums[..., 13]
    grad_Ks[..., :2, 2] = sums[..., 14:]
    return grad_viewmats, grad_Ks
