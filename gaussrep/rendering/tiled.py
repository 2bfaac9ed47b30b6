"""Code that the tiled renderers share: batch axes, derivatives of operators, camera gradients."""

from abc import abstractmethod
from collections.abc import Callable, Iterable
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.errors import CapabilityError
from gaussrep.gaussians import Gaussians
from gaussrep.rendering.renderer import Renderer, Rendering


class TiledRenderer(Renderer):
    """A renderer whose operator returns the Gaussians at the median depth, too, if requested."""

    camera_models = frozenset({"pinhole", "ortho", "opencv", "fisheye"})
    outputs = frozenset({"median_depth", "normals"})

    def rasterize(
        self,
        gaussians: Gaussians,
        cameras: Cameras,
        background: Float[Tensor, "*batch views 3"],
    ) -> Rendering:
        """See `Renderer.rasterize`."""
        return self._render(False, gaussians, cameras, background)[0]

    def rasterize_medians(
        self,
        gaussians: Gaussians,
        cameras: Cameras,
        background: Float[Tensor, "*batch views 3"],
    ) -> tuple[Rendering, Int[Tensor, "*batch views h w"]]:
        """See `Renderer.rasterize_medians`."""
        rendering, (medians,) = self._render(True, gaussians, cameras, background)
        return rendering, medians

    @abstractmethod
    def _render(self, has_medians: bool, *scene: Any) -> tuple[Rendering, list[Tensor]]:
        """Rasterize Gaussians, cameras and background; see `rasterize_batch` for the result."""


def rasterize_batch(
    rasterize: Callable[..., Iterable[Tensor]],
    gaussians: Gaussians,
    cameras: Cameras,
    background: Float[Tensor, "*batch views 3"],
    *,
    has_positions: bool = False,
) -> tuple[Rendering, list[Tensor]]:
    """Rasterize scenes with any batch axes.

    Args:
        rasterize: Operator with one batch axis S: it takes means, quats, scales, opacities, colors
            [S, V or 1, N, 3], features [S, N, C] (C may be 0), coefficients of spherical harmonics
            [S, N, K, 3] (K is 0 where there are colors), viewmats, Ks, coefficients of lenses
            [S, V, L] (L is 0 where there are none), background [S, V, 3], width, height, and
            whether cameras are orthographic and opacities compensated. It returns color, alpha,
            depth and features.
        gaussians: Scenes, [*B, N].
        cameras: Views, [*B, V].
        background: RGB behind the Gaussians.
        has_positions: Whether the operator takes the camera centers [S, V, 3] after the
            coefficients of spherical harmonics; computing them synchronizes with a GPU.

    Returns:
        Images of every scene from every view, and those that the operator returns after these.
    """
    lead, axes = gaussians.batch_shape, len(gaussians.batch_shape)
    features = gaussians.features
    if features is None:
        features = gaussians.means.new_empty(*lead, gaussians.count, 0)
    colors, sh = _appearance(gaussians)
    tensors = (
        gaussians.means,
        gaussians.quats,
        gaussians.scales,
        gaussians.opacities,
        colors,
        features,
        sh,
        *([_positions(gaussians, cameras)] if has_positions else []),
        cameras.viewmats,
        cameras.Ks,
        _distortion(cameras),
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
        grads: Gradients to them; None if the loss does not use an image.

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


def _appearance(gaussians: Gaussians) -> tuple[Tensor, Tensor]:
    """Colors and spherical harmonics, empty if the Gaussians have the other."""
    lead, count = gaussians.batch_shape, gaussians.count
    empty = gaussians.means.new_empty
    if gaussians.colors is not None:
        return gaussians.colors.unsqueeze(-3), empty(*lead, count, 0, 3)
    assert gaussians.sh is not None
    return empty(*lead, 1, 0, 3), gaussians.sh


def _positions(gaussians: Gaussians, cameras: Cameras) -> Tensor:
    """Camera centers, empty if the Gaussians have colors."""
    if gaussians.sh is not None:
        return cameras.positions
    return cameras.viewmats.new_empty(*cameras.viewmats.shape[:-2], 0)


def _distortion(cameras: Cameras) -> Tensor:
    if cameras.distortion is not None:
        return cameras.distortion
    return cameras.viewmats.new_empty(*cameras.viewmats.shape[:-2], 0)
