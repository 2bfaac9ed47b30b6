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
