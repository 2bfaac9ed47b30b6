"""Adding Gaussians to the tiles that they touch."""

from typing import cast

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from gaussrep.rendering import MIN_ALPHA
from gaussrep_additive.tiles import Pairs, Tiling

LEAST_POWER = -6.0
"""Below this no contribution reaches 1/255, and a CPU is slow where numbers are nearly 0."""


def splat(
    rows: Float[Tensor, "n columns"], pairs: Pairs, tiling: Tiling, block: int
) -> Float[Tensor, "tiles c pixels"]:
    """Sum the values of all Gaussians at every pixel.

    Args:
        rows: Of each Gaussian of each image: mean (2), conic (3), opacity, and the values to sum.
        pairs: Which of them touches which tile.
        tiling: Of the pictures.
        block: Most pairs in memory at once.

    Returns:
        One sum per value and pixel, for the tiles of all images; pixels last, row by row.
    """
    channels = rows.shape[1] - 6
    sums = rows.new_zeros(pairs.images * tiling.count, channels, tiling.side**2)
    parts = list(zip(pairs.gaussians.split(block), pairs.tiles.split(block), strict=True))
    for gaussians, tiles in parts:
        chosen = rows.index_select(0, gaussians)
        if len(parts) == 1:
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
    """What each Gaussian gives to each pixel of one tile."""
    means, conics, opacities, values = rows.split([2, 3, 1, rows.shape[1] - 6], -1)
    pixels, places = tiling.pixels(means), means - tiling.corners(tiles).to(means.dtype)
    dx, dy = places[:, :1] - pixels[:, 0], places[:, 1:] - pixels[:, 1]
    xx, xy, yy = conics[:, None].unbind(-1)
    power = -0.5 * (xx * dx * dx + yy * dy * dy) - xy * dx * dy
    weights = opacities * power.clamp(LEAST_POWER, 0).exp()
    weights = torch.where(weights >= MIN_ALPHA, weights, 0)
    return values[..., None] * weights[:, None]
