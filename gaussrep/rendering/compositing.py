"""From ellipses to pictures, front to back, in plain torch."""

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.gaussians import Gaussians
from gaussrep.rendering.conventions import MAX_ALPHA, MIN_ALPHA, STOP
from gaussrep.rendering.projection import Projection, view_colors
from gaussrep.rendering.rendering import Rendering

OPACITY = 5
"""Column of a row of `front_to_back` that holds the opacity."""

VALUES = 6
"""First column that holds what is mixed; before it stand mean, conic and opacity."""


def pixel_centers(width: int, height: int, like: Tensor) -> Float[Tensor, "p 2"]:
    """Where the pixels of a picture are, row by row.

    Args:
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.
        like: Gives dtype and device.

    Returns:
        Centers, x and y in pixels.
    """
    x = torch.arange(width, dtype=like.dtype, device=like.device) + 0.5
    y = torch.arange(height, dtype=like.dtype, device=like.device) + 0.5
    return torch.stack(torch.meshgrid(x, y, indexing="xy"), -1).flatten(0, 1)


def values(
    gaussians: Gaussians, cameras: Cameras, depths: Float[Tensor, "*batch v n"]
) -> Float[Tensor, "*batch v n c"]:
    """What a Gaussian adds to a pixel per unit of weight: 1, depth, color, features.

    Args:
        gaussians: Scenes, [*B, N].
        cameras: Views, [*B, V].
        depths: Of the Gaussians along the cameras' z axes.

    Returns:
        A row for each Gaussian in each view.
    """
    parts = [torch.ones_like(depths)[..., None], depths[..., None], view_colors(gaussians, cameras)]
    if gaussians.features is not None:
        parts.append(gaussians.features.unsqueeze(-3).expand(*depths.shape, -1))
    return torch.cat(parts, dim=-1)


def front_to_back(
    projection: Projection,
    opacities: Float[Tensor, "*batch n"],
    values: Float[Tensor, "*batch v n c"],
) -> Float[Tensor, "i m row"]:
    """The visible Gaussians of each image, nearest first; of equal depth, in the given order.

    Args:
        projection: Of all Gaussians onto all images.
        opacities: Of the Gaussians.
        values: What each adds to a pixel per unit of weight.

    Returns:
        Rows of mean (2), conic (3), opacity (1) and values. There are as many as the fullest image
        has; the last ones of others are of opacity 0.
    """
    opacity = torch.where(projection.visible, opacities.unsqueeze(-2), 0)[..., None]
    rows = torch.cat([projection.means2d, projection.conics, opacity, values], dim=-1)
    rows = rows.flatten(0, -3)
    visible = projection.visible.flatten(0, -2)
    depths = torch.where(visible, projection.depths.flatten(0, -2), torch.inf)
    most = int(visible.sum(-1).max()) if visible.numel() else 0
    order = depths.argsort(dim=-1, stable=True)[:, :most]
    return rows.gather(1, order[..., None].expand(-1, -1, rows.shape[-1]))


def blend(
    rows: Float[Tensor, "i n row"], pixels: Float[Tensor, "*#i p 2"]
) -> Float[Tensor, "i p c"]:
    """Sum, front to back, of value · alpha · transmittance before it.

    Args:
        rows: Gaussians of each image, as `front_to_back` gives them.
        pixels: Pixels of all images, [P, 2], or of each, [I, P, 2].

    Returns:
        Sums of the values.
    """
    alpha = alphas(rows, pixels)
    after = (1 - alpha).cumprod(-1)
    before = torch.cat([torch.ones_like(after[..., :1]), after[..., :-1]], dim=-1)
    weights = torch.where(after > STOP, alpha * before, 0)
    return weights @ rows[..., VALUES:]


def alphas(
    rows: Float[Tensor, "i n row"], pixels: Float[Tensor, "*#i p 2"]
) -> Float[Tensor, "i p n"]:
    """Share of a ray that each Gaussian stops, capped, and 0 where it is too small to count.

    Args:
        rows: Gaussians of each image, as `front_to_back` gives them.
        pixels: Pixels of all images, [P, 2], or of each, [I, P, 2].
    """
    means2d, conics, opacities = rows[..., :VALUES].split([2, 3, 1], dim=-1)
    dx, dy = (means2d[:, None] - pixels[..., None, :]).unbind(-1)
    xx, xy, yy = conics[:, None].unbind(-1)
    power = -0.5 * (xx * dx * dx + yy * dy * dy) - xy * dx * dy
    alpha = (opacities[:, None, :, 0] * power.clamp_max(0).exp()).clamp_max(MAX_ALPHA)
    return torch.where((power <= 0) & (alpha >= MIN_ALPHA), alpha, 0)


def to_rendering(
    sums: Float[Tensor, "i p c"],
    gaussians: Gaussians,
    cameras: Cameras,
    background: Float[Tensor, "*batch views 3"],
) -> Rendering:
    """Make the pictures from what was summed up.

    Args:
        sums: Of `values`, for every pixel of every image.
        gaussians: Scenes, [*B, N].
        cameras: Views, [*B, V].
        background: RGB behind the Gaussians.

    Returns:
        Color over the background, alpha, expected depth and features.
    """
    sums = rearrange(sums, "i (h w) c -> i h w c", h=cameras.height)
    sums = sums.unflatten(0, cameras.viewmats.shape[:-2])
    alpha, depth = sums[..., 0], sums[..., 1]
    return Rendering(
        color=sums[..., 2:5] + (1 - alpha)[..., None] * background[..., None, None, :],
        alpha=alpha,
        depth=depth / torch.where(alpha > 0, alpha, 1),
        features=None if gaussians.features is None else sums[..., 5:],
    )
