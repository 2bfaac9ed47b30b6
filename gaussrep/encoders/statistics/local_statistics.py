"""What a picture looks like around each of its cells: means, spreads, edges and texture."""

from math import pi

import torch
from einops import rearrange, reduce
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

LEVELS = 3
"""Scales that edges are measured at: the picture, its half and its quarter (ours)."""
TINY = 1e-24
"""Keeps the direction of a vanishing gradient from being 0 / 0."""


def local_statistics(
    images: Float[Tensor, "b 3 h w"], cell: int
) -> Float[Tensor, "b rows columns 30"]:
    """Measure each square cell of pictures.

    Colors are opponent: lightness (R+G+B)/3, red-green R-G and yellow-blue (R+G)/2-B, of the
    encoded values. Amplitudes are given as their square roots, which evens out their range.

    Args:
        images: RGB in [0, 1]; sides are multiples of `cell`.
        cell: Side of a cell in pixels, a multiple of 4.

    Returns:
        Per cell, means of the three colors (0 to 2) and roots of their standard deviations (3 to
        5); the same over it and its eight neighbors (6 to 11); the `edges` of the lightness at
        full, half and quarter resolution (12 to 17, 18 to 23, 24 to 29).
    """
    colors = opponent(images)
    means = _pooled(colors, cell)
    spread = colors - means.repeat_interleave(cell, -2).repeat_interleave(cell, -1)
    variances = _pooled(spread.square(), cell)
    near_means, near_variances = _with_neighbors(means, variances)
    parts = [means, _root_of_std(variances), near_means, _root_of_std(near_variances)]
    lightness = colors[:, :1]
    for level in range(LEVELS):
        parts.append(edges(lightness, cell // 2**level))
        lightness = functional.avg_pool2d(lightness, 2)
    return rearrange(torch.cat(parts, dim=1), "b k r c -> b r c k")


def opponent(images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 3 h w"]:
    """Lightness, red against green, yellow against blue."""
    red, green, blue = images.unbind(1)
    both = red + green
    return torch.stack([(both + blue) / 3, red - green, both / 2 - blue], dim=1)


def edges(lightness: Float[Tensor, "b 1 h w"], cell: int) -> Float[Tensor, "b 6 rows columns"]:
    """Measure gradients and curvature of each cell.

    A gradient of length g at angle t (y down) adds g max(0, cos 2(t - a)) to the direction a.

    Args:
        lightness: Values in [0, 1].
        cell: Side of a cell in pixels.

    Returns:
        The root of the mean gradient; by how much the mean gradients at 0, 45, 90 and 135 degrees
        are above or below those of a texture without direction, 1/pi of all, as signed roots; the
        root of the root mean square of a quarter of the Laplacian.
    """
    padded = functional.pad(lightness, (1, 1, 1, 1), mode="replicate")
    left, right = padded[..., 1:-1, :-2], padded[..., 1:-1, 2:]
    above, below = padded[..., :-2, 1:-1], padded[..., 2:, 1:-1]
    dx, dy = (right - left) / 2, (below - above) / 2
    length = (dx.square() + dy.square() + TINY).sqrt()
    straight, diagonal = (dx - dy) * (dx + dy) / length, 2 * dx * dy / length
    laplacian = (left + right + above + below) / 4 - lightness
    gradient = _pooled(length, cell)
    either = torch.cat([_pooled(each.abs(), cell) for each in (straight, diagonal)], dim=1)
    signed = torch.cat([_pooled(each, cell) for each in (straight, diagonal)], dim=1)
    directed = torch.cat([either + signed, either - signed], dim=1) / 2 - gradient / pi
    roughness = _root_of_std(_pooled(laplacian.square(), cell))
    return torch.cat([gradient.sqrt(), directed.sign() * directed.abs().sqrt(), roughness], dim=1)


def _pooled(maps: Tensor, cell: int) -> Tensor:
    """Means over square cells; rows first, which is twice as fast as `avg_pool2d`."""
    columns = reduce(maps, "b k (r i) w -> b k r w", "mean", i=cell)
    return reduce(columns, "b k r (c j) -> b k r c", "mean", j=cell)


def _with_neighbors(means: Tensor, variances: Tensor) -> tuple[Tensor, Tensor]:
    """Means and variances over three by three cells, by the law of total variance."""
    around = _neighbors(means)
    mean = around.mean(2)
    return mean, _neighbors(variances).mean(2) + (around - mean[:, :, None]).square().mean(2)


def _neighbors(maps: Tensor) -> Tensor:
    padded = functional.pad(maps, (1, 1, 1, 1), mode="replicate")
    rows, columns = maps.shape[-2:]
    shifted = [padded[..., y : y + rows, x : x + columns] for y in range(3) for x in range(3)]
    return torch.stack(shifted, dim=2)


def _root_of_std(variances: Tensor) -> Tensor:
    return variances.sqrt().sqrt()
