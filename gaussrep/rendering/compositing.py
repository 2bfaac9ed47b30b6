"""Alpha compositing of projected Gaussians, front to back, in plain torch."""

import torch
from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.gaussians import Gaussians
from gaussrep.rendering.conventions import MAX_ALPHA, MIN_ALPHA, TRANSMITTANCE_MIN
from gaussrep.rendering.projection import Projection, view_colors
from gaussrep.rendering.renderer import Rendering

__all__ = [
    "CHANNELS_START",
    "OPACITY_COLUMN",
    "alpha_composite",
    "blend_channels",
    "gaussian_alphas",
    "pixel_centers",
    "sort_by_depth",
    "to_rendering",
]

OPACITY_COLUMN = 5
"""Column of packed Gaussians that holds the opacity, after mean (2) and conic (3)."""

CHANNELS_START = 6
"""First column of packed Gaussians that holds a channel to composite."""


def pixel_centers(width: int, height: int, like: Tensor) -> Float[Tensor, "p 2"]:
    """Compute the pixel centers of an image, row by row.

    Args:
        width: Image width in pixels.
        height: Image height in pixels.
        like: Tensor whose dtype and device are used.

    Returns:
        Centers x, y in pixels.
    """
    x = torch.arange(width, dtype=like.dtype, device=like.device) + 0.5
    y = torch.arange(height, dtype=like.dtype, device=like.device) + 0.5
    return torch.stack(torch.meshgrid(x, y, indexing="xy"), -1).flatten(0, 1)


def blend_channels(
    gaussians: Gaussians, cameras: Cameras, depths: Float[Tensor, "*batch v n"]
) -> Float[Tensor, "*batch v n c"]:
    """Concatenate the channels that are composited: 1 (for alpha), depth, color, features.

    Args:
        gaussians: Scenes, [*B, N].
        cameras: Views, [*B, V].
        depths: Depths of the Gaussians along the cameras' z axes, in scene units.

    Returns:
        Channels of every Gaussian in every view.
    """
    channels = [torch.ones_like(depths)[..., None], depths[..., None]]
    channels.append(view_colors(gaussians, cameras))
    if gaussians.features is not None:
        channels.append(gaussians.features.unsqueeze(-3).expand(*depths.shape, -1))
    return torch.cat(channels, dim=-1)


def sort_by_depth(
    projection: Projection,
    channels: Float[Tensor, "*batch v n c"],
) -> Float[Tensor, "i m columns"]:
    """Pack the visible Gaussians of each image, nearest first; equal depths keep their order.

    Args:
        projection: Ellipses of all Gaussians in all images.
        channels: Channels to composite, see `blend_channels`.

    Returns:
        Packed Gaussians: mean (2), conic (3), opacity (1), channels. M is the largest number of
        visible Gaussians in an image; other images are padded with opacity 0.
    """
    opacity = torch.where(projection.visible, projection.opacities, 0)[..., None]
    packed = torch.cat([projection.means2d, projection.conics, opacity, channels], dim=-1)
    packed = packed.flatten(0, -3)
    order = depth_order(projection)
    return packed.gather(1, order[..., None].expand(-1, -1, packed.shape[-1]))


def depth_order(projection: Projection) -> Int[Tensor, "i m"]:
    """Sort the visible Gaussians of each image, nearest first; equal depths keep their order.

    Args:
        projection: Ellipses of all Gaussians in all images.

    Returns:
        Indices of Gaussians. M is the largest number of visible Gaussians in an image.
    """
    visible = projection.visible.flatten(0, -2)
    depths = torch.where(visible, projection.depths.flatten(0, -2), torch.inf)
    max_visible = int(visible.sum(-1).max()) if visible.numel() else 0
    return depths.argsort(dim=-1, stable=True)[:, :max_visible]


def alpha_composite(
    packed_gaussians: Float[Tensor, "i n columns"], pixels: Float[Tensor, "*#i p 2"]
) -> Float[Tensor, "i p c"]:
    """Composite Gaussians front to back: the sum of channel · alpha · transmittance.

    Args:
        packed_gaussians: Gaussians of each image from `sort_by_depth`.
        pixels: Pixel centers of all images, [P, 2], or of each image, [I, P, 2].

    Returns:
        Composited channels of every pixel.
    """
    weights = blending_weights(gaussian_alphas(packed_gaussians, pixels))
    return weights @ packed_gaussians[..., CHANNELS_START:]


def blending_weights(alpha: Float[Tensor, "i p n"]) -> Float[Tensor, "i p n"]:
    """Compute the weight of every Gaussian in every pixel: alpha · transmittance.

    Args:
        alpha: Alphas, nearest Gaussian first.

    Returns:
        Weights; 0 from the Gaussian on at which compositing ends.
    """
    after = (1 - alpha).cumprod(-1)
    before = torch.cat([torch.ones_like(after[..., :1]), after[..., :-1]], dim=-1)
    return torch.where(after > TRANSMITTANCE_MIN, alpha * before, 0)


def median_places(alpha: Float[Tensor, "i p n"]) -> Int[Tensor, "i p"]:
    """Find the last Gaussian of every pixel that is reached with transmittance above 0.5.

    Args:
        alpha: Alphas, nearest Gaussian first.

    Returns:
        Places in the list of Gaussians; -1 where no alpha is above 0.
    """
    before = torch.cat([torch.ones_like(alpha[..., :1]), 1 - alpha[..., :-1]], dim=-1).cumprod(-1)
    places = torch.arange(alpha.shape[-1], device=alpha.device)
    found = torch.where((alpha > 0) & (before > 0.5), places, -1)
    return found.amax(-1) if alpha.shape[-1] else found.new_full(alpha.shape[:-1], -1)


def gaussian_alphas(
    packed_gaussians: Float[Tensor, "i n columns"], pixels: Float[Tensor, "*#i p 2"]
) -> Float[Tensor, "i p n"]:
    """Compute the alpha of every Gaussian in every pixel.

    Args:
        packed_gaussians: Gaussians of each image from `sort_by_depth`.
        pixels: Pixel centers of all images, [P, 2], or of each image, [I, P, 2].

    Returns:
        Alphas, at most `MAX_ALPHA`; 0 where they are below `MIN_ALPHA`.
    """
    means2d, conics, opacities = packed_gaussians[..., :CHANNELS_START].split([2, 3, 1], dim=-1)
    dx, dy = (means2d[:, None] - pixels[..., None, :]).unbind(-1)
    xx, xy, yy = conics[:, None].unbind(-1)
    power = -0.5 * (xx * dx * dx + yy * dy * dy) - xy * dx * dy
    alpha = (opacities[:, None, :, 0] * power.clamp_max(0).exp()).clamp_max(MAX_ALPHA)
    return torch.where((power <= 0) & (alpha >= MIN_ALPHA), alpha, 0)


def to_rendering(
    composited: Float[Tensor, "i p c"],
    gaussians: Gaussians,
    cameras: Cameras,
    background: Float[Tensor, "*batch views 3"],
) -> Rendering:
    """Convert composited channels to a rendering.

    Args:
        composited: Result of `alpha_composite` on `blend_channels`, for every pixel of every image.
        gaussians: Scenes, [*B, N].
        cameras: Views, [*B, V].
        background: RGB behind the Gaussians.

    Returns:
        Color over the background, alpha, expected depth and features.
    """
    images = rearrange(composited, "i (h w) c -> i h w c", h=cameras.height)
    images = images.unflatten(0, cameras.viewmats.shape[:-2])
    alpha, depth = images[..., 0], images[..., 1]
    return Rendering(
        color=images[..., 2:5] + (1 - alpha)[..., None] * background[..., None, None, :],
        alpha=alpha,
        depth=depth / torch.where(alpha > 0, alpha, 1),
        features=None if gaussians.features is None else images[..., 5:],
    )
