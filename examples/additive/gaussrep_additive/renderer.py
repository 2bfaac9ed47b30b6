"""`additive`: sums of Gaussians."""

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from gaussrep import Cameras, Gaussians
from gaussrep.rendering import Renderer, Rendering, project, view_colors
from gaussrep_additive.config import AdditiveRendererConfig
from gaussrep_additive.splat import splat
from gaussrep_additive.tiles import Tiling, pairs_of


class AdditiveRenderer(Renderer):
    """Adds up what every Gaussian gives to a pixel (GaussianImage's accumulated summation).

    With wᵢ the opacity of a Gaussian times its value at the pixel, color is the background plus
    Σ wᵢ cᵢ, features are Σ wᵢ fᵢ, and alpha is Σ wᵢ, at most 1: where anything was added. Depth is
    0 everywhere. Gaussians are projected as by every renderer, and contributions below 1/255 are
    skipped.

    Args:
        config: Size of tiles and of blocks.
    """

    def __init__(self, config: AdditiveRendererConfig) -> None:
        self.config = config

    def rasterize(
        self,
        gaussians: Gaussians,
        cameras: Cameras,
        background: Float[Tensor, "*batch views 3"],
    ) -> Rendering:
        """See `Renderer.rasterize`."""
        seen = project(gaussians, cameras)
        tiling = Tiling(self.config.tile, cameras.width, cameras.height)
        values = _values(gaussians, cameras)
        opacities = gaussians.opacities.unsqueeze(-2).expand_as(seen.depths)
        rows = torch.cat([seen.means2d, seen.conics, opacities[..., None], values], -1)
        sums = splat(
            rows.reshape(-1, rows.shape[-1]), pairs_of(seen, tiling), tiling, self.config.block
        )
        sums = rearrange(
            sums,
            "(i rows columns) c (y x) -> i (rows y) (columns x) c",
            rows=tiling.rows,
            columns=tiling.columns,
            y=tiling.side,
        )
        sums = sums[:, : cameras.height, : cameras.width].unflatten(0, seen.visible.shape[:-1])
        alpha = sums[..., 0].clamp(max=1)
        return Rendering(
            color=sums[..., 1:4] + background[..., None, None, :],
            alpha=alpha,
            depth=torch.zeros_like(alpha),
            features=None if gaussians.features is None else sums[..., 4:],
        )


def _values(gaussians: Gaussians, cameras: Cameras) -> Float[Tensor, "*batch v n c"]:
    """What a Gaussian adds to a pixel per unit of weight: 1, color, features."""
    colors = view_colors(gaussians, cameras)
    parts = [torch.ones_like(colors[..., :1]), colors]
    if gaussians.features is not None:
        parts.append(gaussians.features.unsqueeze(-3).expand(*colors.shape[:-1], -1))
    return torch.cat(parts, -1)
