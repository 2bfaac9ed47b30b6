"""The oracle: every pixel looks at every Gaussian, in plain torch."""

from collections.abc import Iterator
from typing import Any, cast

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from gaussrep.cameras import Cameras
from gaussrep.gaussians import Gaussians
from gaussrep.rendering.config import ReferenceConfig
from gaussrep.rendering.conventions import MAX_ALPHA, MIN_ALPHA, STOP
from gaussrep.rendering.projection import Projection, project, view_colors
from gaussrep.rendering.renderer import Renderer
from gaussrep.rendering.rendering import Rendering


class ReferenceRenderer(Renderer):
    """Draws on any device, in float32 or float64, with gradients to every input.

    Work is done in blocks of at most `config.block` pixel-Gaussian pairs, recomputed in the
    backward pass, so that memory stays bounded.
    """

    def __init__(self, config: ReferenceConfig | None = None) -> None:
        self.config = config or ReferenceConfig()

    def draw(
        self,
        gaussians: Gaussians,
        cameras: Cameras,
        background: Float[Tensor, "*batch views 3"],
    ) -> Rendering:
        """See `Renderer.draw`."""
        projection = project(gaussians, cameras)
        values = _values(gaussians, cameras, projection)
        ellipses = _front_to_back(projection, gaussians.opacities, values)
        pixels = _pixel_centres(cameras.width, cameras.height, ellipses)
        sums = cast(Tensor, _Composite.apply(ellipses, pixels, self.config.block))
        sums = rearrange(sums, "i (h w) c -> i h w c", h=cameras.height)
        sums = sums.unflatten(0, cameras.viewmats.shape[:-2])
        alpha, depth = sums[..., 0], sums[..., 1]
        return Rendering(
            color=sums[..., 2:5] + (1 - alpha)[..., None] * background[..., None, None, :],
            alpha=alpha,
            depth=depth / torch.where(alpha > 0, alpha, 1),
            features=None if gaussians.features is None else sums[..., 5:],
        )


class _Composite(torch.autograd.Function):
    """Blend block by block; the backward pass blends each block again to differentiate it."""

    @staticmethod
    def forward(ctx: Any, ellipses: Tensor, pixels: Tensor, block: int) -> Tensor:
        ctx.save_for_backward(ellipses, pixels)
        ctx.block = block
        sums = ellipses.new_empty(len(ellipses), len(pixels), ellipses.shape[-1] - 6)
        for images, part in _blocks(ellipses, pixels, block):
            sums[images, part] = _blend(ellipses[images], pixels[part])
        return sums

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        ellipses, pixels = ctx.saved_tensors
        total = torch.zeros_like(ellipses)
        for images, part in _blocks(ellipses, pixels, ctx.block):
            with torch.enable_grad():
                some = ellipses[images].detach().requires_grad_()
                blended = _blend(some, pixels[part])
            total[images] += torch.autograd.grad(blended, some, gradient[images, part])[0]
        return total, None, None


def _blocks(ellipses: Tensor, pixels: Tensor, block: int) -> Iterator[tuple[slice, slice]]:
    """Ranges of images and of pixels that hold at most `block` pixel-Gaussian pairs together."""
    count = max(1, ellipses.shape[1])
    images = max(1, block // (count * len(pixels)))
    part = max(1, block // (count * images))
    for image in range(0, len(ellipses), images):
        for pixel in range(0, len(pixels), part):
            yield slice(image, image + images), slice(pixel, pixel + part)


def _pixel_centres(width: int, height: int, like: Tensor) -> Float[Tensor, "p 2"]:
    x = torch.arange(width, dtype=like.dtype, device=like.device) + 0.5
    y = torch.arange(height, dtype=like.dtype, device=like.device) + 0.5
    return torch.stack(torch.meshgrid(x, y, indexing="xy"), -1).flatten(0, 1)


def _values(
    gaussians: Gaussians, cameras: Cameras, projection: Projection
) -> Float[Tensor, "*batch v n c"]:
    """What a Gaussian adds to a pixel per unit of weight: 1, depth, colour, features."""
    depths = projection.depths[..., None]
    parts = [torch.ones_like(depths), depths, view_colors(gaussians, cameras)]
    if gaussians.features is not None:
        parts.append(gaussians.features.unsqueeze(-3).expand(*depths.shape[:-1], -1))
    return torch.cat(parts, dim=-1)


def _front_to_back(
    projection: Projection, opacities: Tensor, values: Tensor
) -> Float[Tensor, "i n c"]:
    """Visible Gaussians of each image, nearest first: mean, conic, opacity, values."""
    opacity = torch.where(projection.visible, opacities.unsqueeze(-2), 0)[..., None]
    rows = torch.cat([projection.means2d, projection.conics, opacity, values], dim=-1)
    rows = rows.flatten(0, -3)
    visible = projection.visible.flatten(0, -2)
    depths = torch.where(visible, projection.depths.flatten(0, -2), torch.inf)
    most = int(visible.sum(-1).max()) if visible.numel() else 0
    order = depths.argsort(dim=-1, stable=True)[:, :most]
    return rows.gather(1, order[..., None].expand(-1, -1, rows.shape[-1]))


def _blend(ellipses: Float[Tensor, "i n c"], pixels: Float[Tensor, "p 2"]) -> Tensor:
    """Composite front to back: sum over Gaussians of value · alpha · transmittance before it."""
    means2d, conics, opacities, values = ellipses.split([2, 3, 1, ellipses.shape[-1] - 6], dim=-1)
    dx, dy = (means2d[:, None] - pixels[:, None]).unbind(-1)
    xx, xy, yy = conics[:, None].unbind(-1)
    power = -0.5 * (xx * dx * dx + yy * dy * dy) - xy * dx * dy
    alpha = (opacities[:, None, :, 0] * power.clamp_max(0).exp()).clamp_max(MAX_ALPHA)
    alpha = torch.where((power <= 0) & (alpha >= MIN_ALPHA), alpha, 0)
    after = (1 - alpha).cumprod(-1)
    before = torch.cat([torch.ones_like(after[..., :1]), after[..., :-1]], dim=-1)
    weights = torch.where(after > STOP, alpha * before, 0)
    return weights @ values
