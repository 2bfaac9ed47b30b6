"""The oracle: every pixel looks at every Gaussian, in plain torch."""

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor
from torch.utils.checkpoint import checkpoint

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
        sums = self._composite(ellipses, cameras.width, cameras.height)
        sums = sums.unflatten(0, cameras.viewmats.shape[:-2])
        alpha, depth = sums[..., 0], sums[..., 1]
        return Rendering(
            color=sums[..., 2:5] + (1 - alpha)[..., None] * background[..., None, None, :],
            alpha=alpha,
            depth=depth / torch.where(alpha > 0, alpha, 1),
            features=None if gaussians.features is None else sums[..., 5:],
        )

    def _composite(self, ellipses: Tensor, width: int, height: int) -> Float[Tensor, "i h w c"]:
        pixels = _pixel_centres(width, height, ellipses)
        count = ellipses.shape[1]
        image_step = max(1, self.config.block // max(1, count * len(pixels)))
        pixel_step = max(1, self.config.block // max(1, count * image_step))
        rows = []
        for some in ellipses.split(image_step):
            blocks = [_recomputed_blend(some, part) for part in pixels.split(pixel_step)]
            rows.append(torch.cat(blocks, dim=1))
        return rearrange(torch.cat(rows), "i (h w) c -> i h w c", h=height)


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


def _recomputed_blend(ellipses: Float[Tensor, "i n c"], pixels: Float[Tensor, "p 2"]) -> Tensor:
    """`_blend`, whose intermediate tensors are computed again in the backward pass."""
    blended = checkpoint(_blend, ellipses, pixels, use_reentrant=False, preserve_rng_state=False)
    assert isinstance(blended, Tensor)
    return blended


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
