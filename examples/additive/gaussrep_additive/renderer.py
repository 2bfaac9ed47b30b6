"""`additive`: renders sums of Gaussians, tile by tile; nothing is sorted, as sums have no order."""

from dataclasses import dataclass
from typing import cast

import torch
from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from gaussrep import Cameras, Gaussians
from gaussrep.rendering import Projection, Renderer, Rendering, project, view_colors
from gaussrep.rendering.conventions import MIN_ALPHA
from gaussrep_additive.config import AdditiveRendererConfig

MIN_POWER = -6.0
"""Below this exponent no contribution reaches 1/255, and a CPU is slow with denormal numbers."""


class AdditiveRenderer(Renderer):
    """Sum the contributions of all Gaussians at a pixel (GaussianImage's accumulated summation).

    With wᵢ the opacity of a Gaussian times its value at the pixel, color is the background plus
    Σ wᵢ cᵢ, features are Σ wᵢ fᵢ, and alpha is Σ wᵢ, at most 1. Depth is 0 everywhere. Gaussians
    are projected as by every renderer, and contributions below 1/255 are skipped.

    Args:
        config: Size of tiles and of chunks.
    """

    def __init__(self, config: AdditiveRendererConfig) -> None:
        self.config = config

    def rasterize(
        self,
        gaussians: Gaussians,
        cameras: Cameras,
        background: Float[Tensor, "*batch views 3"],
    ) -> Rendering:
        """Render the sums; see `Renderer.rasterize`."""
        projection = project(gaussians, cameras)
        tiling = Tiling(self.config.tile, cameras.width, cameras.height)
        values = _values(gaussians, cameras)
        opacities = gaussians.opacities.unsqueeze(-2).expand_as(projection.depths)
        rows = torch.cat([projection.means2d, projection.conics, opacities[..., None], values], -1)
        pairs = find_pairs(projection, tiling)
        sums = splat(rows.reshape(-1, rows.shape[-1]), pairs, tiling, self.config.max_pairs)
        sums = rearrange(
            sums,
            "(i rows columns) c (y x) -> i (rows y) (columns x) c",
            rows=tiling.rows,
            columns=tiling.columns,
            y=tiling.side,
        )
        sums = sums[:, : cameras.height, : cameras.width]
        sums = sums.unflatten(0, projection.visible.shape[:-1])
        alpha = sums[..., 0].clamp(max=1)
        return Rendering(
            color=sums[..., 1:4] + background[..., None, None, :],
            alpha=alpha,
            depth=torch.zeros_like(alpha),
            features=None if gaussians.features is None else sums[..., 4:],
        )


def _values(gaussians: Gaussians, cameras: Cameras) -> Float[Tensor, "*batch v n c"]:
    """Contribution of a Gaussian to a pixel per unit of weight: 1, color, features."""
    colors = view_colors(gaussians, cameras)
    parts = [torch.ones_like(colors[..., :1]), colors]
    if gaussians.features is not None:
        parts.append(gaussians.features.unsqueeze(-3).expand(*colors.shape[:-1], -1))
    return torch.cat(parts, -1)


@dataclass(frozen=True, slots=True)
class Tiling:
    """Square tiles over an image; the last ones extend beyond its edges.

    Args:
        side: Side of a tile in pixels.
        width: Width of the image in pixels.
        height: Height of the image in pixels.
    """

    side: int
    width: int
    height: int

    @property
    def columns(self) -> int:
        """Tiles along the width."""
        return -(-self.width // self.side)

    @property
    def rows(self) -> int:
        """Tiles along the height."""
        return -(-self.height // self.side)

    @property
    def count(self) -> int:
        """Tiles of an image."""
        return self.rows * self.columns

    def corners(self, tiles: Int[Tensor, " p"]) -> Int[Tensor, "p 2"]:
        """Return the upper left corners of tiles.

        Args:
            tiles: Indices of tiles, row by row, image after image.

        Returns:
            (x, y) in pixels.
        """
        tile = tiles % self.count
        return self.side * torch.stack([tile % self.columns, tile // self.columns], -1)

    def pixels(self, like: Tensor) -> Float[Tensor, "pixels 2"]:
        """Return the centers of a tile's pixels, relative to its corner, row by row.

        Args:
            like: Tensor with the dtype and device of the result.

        Returns:
            (x, y) in pixels.
        """
        along = torch.arange(self.side).to(like) + 0.5
        return torch.stack(torch.meshgrid(along, along, indexing="xy"), -1).flatten(0, 1)


@dataclass(frozen=True, eq=False)
class Pairs:
    """Every Gaussian with every tile that it can reach.

    Args:
        gaussians: Indices of the Gaussians, image after image, [P].
        tiles: Indices of the tiles, image after image, [P].
        images: Number of images.
    """

    gaussians: Int[Tensor, " p"]
    tiles: Int[Tensor, " p"]
    images: int


@torch.no_grad()
def find_pairs(projection: Projection, tiling: Tiling) -> Pairs:
    """Find the tiles that the bounding boxes of the Gaussians overlap.

    Args:
        projection: Projected Gaussians, [*B, V, N].
        tiling: Tiles of the images.

    Returns:
        The pairs, without invisible Gaussians.
    """
    count = projection.visible.shape[-1]
    here = projection.visible.flatten().nonzero().squeeze(1)
    means, radii = (t.reshape(-1, 2)[here] for t in (projection.means2d, projection.radii))
    last = means.new_tensor([tiling.columns - 1, tiling.rows - 1])
    low = ((means - radii) / tiling.side).floor().clamp_min(0).minimum(last).long()
    high = ((means + radii) / tiling.side).floor().clamp_min(0).minimum(last).long()
    spans = high - low + 1
    sizes = spans.prod(-1)
    box = torch.arange(len(here), device=here.device).repeat_interleave(sizes)
    place = torch.arange(len(box), device=here.device) - (sizes.cumsum(0) - sizes)[box]
    x = low[box, 0] + place % spans[box, 0]
    y = low[box, 1] + place // spans[box, 0]
    image = here[box] // max(count, 1)
    tiles = image * tiling.count + y * tiling.columns + x
    return Pairs(here[box], tiles, projection.visible.shape[:-1].numel())


def splat(
    rows: Float[Tensor, "n columns"], pairs: Pairs, tiling: Tiling, max_pairs: int
) -> Float[Tensor, "tiles c pixels"]:
    """Sum the values of all Gaussians at every pixel.

    Args:
        rows: Of each Gaussian of each image: mean (2), conic (3), opacity, and the values to sum.
        pairs: Gaussians and the tiles that they overlap.
        tiling: Tiles of the images.
        max_pairs: Largest number of pairs in memory at once.

    Returns:
        One sum per value and pixel, for the tiles of all images; pixels last, row by row.
    """
    channels = rows.shape[1] - 6
    sums = rows.new_zeros(pairs.images * tiling.count, channels, tiling.side**2)
    chunks = list(zip(pairs.gaussians.split(max_pairs), pairs.tiles.split(max_pairs), strict=True))
    for gaussians, tiles in chunks:
        chosen = rows.index_select(0, gaussians)
        if len(chunks) == 1:
            added = _contributions(chosen, tiles, tiling)
        else:
            added = checkpoint(
                _contributions,
                chosen,
                tiles,
                tiling,
                use_reentrant=False,
                preserve_rng_state=False,
            )
        sums = sums.index_add(0, tiles, cast(Tensor, added))
    return sums


def _contributions(
    rows: Float[Tensor, "p columns"], tiles: Int[Tensor, " p"], tiling: Tiling
) -> Float[Tensor, "p c pixels"]:
    """Contribution of each Gaussian to each pixel of one tile."""
    means, conics, opacities, values = rows.split([2, 3, 1, rows.shape[1] - 6], -1)
    pixels, places = tiling.pixels(means), means - tiling.corners(tiles).to(means.dtype)
    dx, dy = places[:, :1] - pixels[:, 0], places[:, 1:] - pixels[:, 1]
    xx, xy, yy = conics[:, None].unbind(-1)
    power = -0.5 * (xx * dx * dx + yy * dy * dy) - xy * dx * dy
    weights = opacities * power.clamp(MIN_POWER, 0).exp()
    weights = torch.where(weights >= MIN_ALPHA, weights, 0)
    return values[..., None] * weights[:, None]
