"""Scenes with any batch axes, as the arguments of a rasterizer that knows one."""

from collections.abc import Callable, Iterable

from jaxtyping import Float
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.gaussians import Gaussians
from gaussrep.rendering.projection import view_colors
from gaussrep.rendering.renderer import Rendering


def rasterize_batch(
    rasterize: Callable[..., Iterable[Tensor]],
    gaussians: Gaussians,
    cameras: Cameras,
    background: Float[Tensor, "*batch views 3"],
) -> Rendering:
    """Rasterize scenes with any batch axes.

    Spherical harmonics are evaluated before, in torch.

    Args:
        rasterize: Operator with one batch axis S: it takes means, quats, scales, opacities, colors
            [S, V or 1, N, 3], features [S, N, C] (C may be 0), viewmats, Ks, background [S, V, 3],
            width, height, and whether cameras are orthographic and opacities compensated. It
            returns color, alpha, depth and features.
        gaussians: Scenes, [*B, N].
        cameras: Views, [*B, V].
        background: RGB behind the Gaussians.

    Returns:
        Images of every scene from every view.
    """
    lead, axes = gaussians.batch_shape, len(gaussians.batch_shape)
    features = gaussians.features
    if features is None:
        features = gaussians.means.new_empty(*lead, gaussians.count, 0)
    colors = gaussians.colors
    colors = view_colors(gaussians, cameras) if colors is None else colors.unsqueeze(-3)
    tensors = (
        gaussians.means,
        gaussians.quats,
        gaussians.scales,
        gaussians.opacities,
        colors,
        features,
        cameras.viewmats,
        cameras.Ks,
        background,
    )
    flat = (t if axes == 1 else t.reshape(lead.numel(), *t.shape[axes:]) for t in tensors)
    options = cameras.width, cameras.height, cameras.model == "ortho", gaussians.antialiased
    images = rasterize(*flat, *options)
    color, alpha, depth, mixed = (
        image if axes == 1 else image.reshape(*lead, *image.shape[1:]) for image in images
    )
    return Rendering(color, alpha, depth, None if gaussians.features is None else mixed)
