"""What the tiled renderers share: batch axes, derivatives of operators, camera gradients."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.errors import CapabilityError
from gaussrep.gaussians import Gaussians
from gaussrep.rendering.projection import view_colors
from gaussrep.rendering.renderer import Rendering


def rasterize_batch(
    rasterize: Callable[..., Iterable[Tensor]],
    gaussians: Gaussians,
    cameras: Cameras,
    background: Float[Tensor, "*batch views 3"],
    *,
    has_harmonics: bool = False,
    has_lenses: bool = False,
) -> tuple[Rendering, list[Tensor]]:
    """Rasterize scenes with any batch axes.

    Args:
        rasterize: Operator with one batch axis S: it takes means, quats, scales, opacities, colors
            [S, V or 1, N, 3], features [S, N, C] (C may be 0), viewmats, Ks, background [S, V, 3],
            width, height, and whether cameras are orthographic and opacities compensated. It
            returns color, alpha, depth and features.
        gaussians: Scenes, [*B, N].
        cameras: Views, [*B, V].
        background: RGB behind the Gaussians.
        has_harmonics: Whether the operator evaluates spherical harmonics itself: after the features
            it takes coefficients [S, N, K, 3], K being 0 where there are colors, and the camera
            centers [S, V, 3]. Otherwise they are evaluated before, in torch.
        has_lenses: Whether the operator takes the coefficients of lenses [S, V, K] after the Ks, K
            being 0 where there are none.

    Returns:
        Images of every scene from every view, and those that the operator returns after these.
    """
    lead, axes = gaussians.batch_shape, len(gaussians.batch_shape)
    features = gaussians.features
    if features is None:
        features = gaussians.means.new_empty(*lead, gaussians.count, 0)
    colors, *harmonics = _appearance(gaussians, cameras, has_harmonics)
    tensors = (
        gaussians.means,
        gaussians.quats,
        gaussians.scales,
        gaussians.opacities,
        colors,
        features,
        *harmonics,
        cameras.viewmats,
        cameras.Ks,
        *([_distortion(cameras)] if has_lenses else []),
        background,
    )
    flat = (t if axes == 1 else t.reshape(lead.numel(), *t.shape[axes:]) for t in tensors)
    options = cameras.width, cameras.height, cameras.model == "ortho", gaussians.antialiased
    images = rasterize(*flat, *options)
    color, alpha, depth, mixed, *others = (
        image if axes == 1 else image.reshape(*lead, *image.shape[1:]) for image in images
    )
    mixed = None if gaussians.features is None else mixed
    return Rendering(color, alpha, depth, mixed), others


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


def _appearance(gaussians: Gaussians, cameras: Cameras, has_harmonics: bool) -> list[Tensor]:
    """Colors; with `has_harmonics` also coefficients and camera centers, empty if not used."""
    means, viewmats, sh = gaussians.means, cameras.viewmats, gaussians.sh
    if gaussians.colors is not None:
        colors = gaussians.colors.unsqueeze(-3)
        unused = [
            means.new_empty(*means.shape[:-1], 0, 3),
            viewmats.new_empty(*viewmats.shape[:-2], 0),
        ]
        return [colors, *(unused if has_harmonics else [])]
    if not has_harmonics:
        return [view_colors(gaussians, cameras)]
    assert sh is not None
    return [means.new_empty(*means.shape[:-2], 1, 0, 3), sh, cameras.positions]


def _distortion(cameras: Cameras) -> Tensor:
    if cameras.distortion is not None:
        return cameras.distortion
    return cameras.viewmats.new_empty(*cameras.viewmats.shape[:-2], 0)
