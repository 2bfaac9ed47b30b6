"""The encoder `statistics`: local statistics of colors and edges, without weights."""

from math import pi

import numpy as np
import torch
from einops import rearrange, reduce
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from gaussrep.encoders.encoder import ImageEncoder
from gaussrep.encoders.resizing import resize_to_patch_grid
from gaussrep.encoders.teacher_config import StatisticsConfig

MEAN = (
    0.3403, 0.1056, 0.0898, 0.2103, 0.1339, 0.1446,
    0.3403, 0.1056, 0.0898, 0.2857, 0.1835, 0.1956,
    0.1615, 0.0014, -0.0147, 0.0008, -0.0150, 0.1186,
    0.1860, 0.0022, -0.0196, -0.0007, -0.0155, 0.1443,
    0.2083, -0.0009, -0.0234, -0.0031, -0.0141, 0.1570,
)  # fmt: skip
"""Mean of each statistic, in the order of `local_statistics`."""
STD = (
    0.2146, 0.1458, 0.1501, 0.1189, 0.0879, 0.0849,
    0.1968, 0.1369, 0.1431, 0.1202, 0.1028, 0.0921,
    0.0858, 0.0800, 0.0755, 0.0781, 0.0747, 0.0660,
    0.1020, 0.0978, 0.0934, 0.0966, 0.0943, 0.0829,
    0.1149, 0.1226, 0.1163, 0.1210, 0.1183, 0.0940,
)  # fmt: skip
"""Standard deviation of each statistic."""


LEVELS = 3
"""Scales that edges are measured at: the image, its half and its quarter (design choice)."""
TINY = 1e-24
"""Keeps the direction of a vanishing gradient from being 0 / 0."""


def local_statistics(
    images: Float[Tensor, "b 3 h w"], cell: int
) -> Float[Tensor, "b rows columns 30"]:
    """Compute statistics of each square cell of images.

    Colors are opponent: lightness (R+G+B)/3, red-green R-G and yellow-blue (R+G)/2-B, of the
    encoded values. Amplitudes are replaced by their square roots, which evens out their range.

    Args:
        images: RGB in [0, 1]; sides are multiples of `cell`.
        cell: Side of a cell in pixels, a multiple of 4.

    Returns:
        Per cell, means of the three colors (0 to 2) and roots of their standard deviations (3 to
        5); the same over it and its eight neighbors (6 to 11); the `edges` of the lightness at
        full, half and quarter resolution (12 to 17, 18 to 23, 24 to 29).
    """
    colors = opponent_colors(images)
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


def opponent_colors(images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 3 h w"]:
    """Convert RGB to lightness, red against green, and yellow against blue.

    Args:
        images: RGB in [0, 1].

    Returns:
        The three opponent channels.
    """
    red, green, blue = images.unbind(1)
    both = red + green
    return torch.stack([(both + blue) / 3, red - green, both / 2 - blue], dim=1)


def edges(lightness: Float[Tensor, "b 1 h w"], cell: int) -> Float[Tensor, "b 6 rows columns"]:
    """Compute gradients and curvature of each cell.

    A gradient of length g at angle t (y down) adds g max(0, cos 2(t - a)) to the direction a.

    Args:
        lightness: Values in [0, 1].
        cell: Side of a cell in pixels.

    Returns:
        The root of the mean gradient; the signed roots of the excess of the mean gradients at 0,
        45, 90 and 135 degrees over those of a texture without direction, 1/pi of all; the root of
        the root mean square of a quarter of the Laplacian.
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


class StatisticsEncoder(ImageEncoder):
    """Local statistics of color and edges, standardized and projected to unit vectors.

    The projection is random but fixed by the seed, the same on every machine up to rounding. It
    preserves angles between statistics if `width` is at least their number, 30.

    Args:
        config: Seed, width and cell.
    """

    mean: Tensor
    std: Tensor
    projection: Tensor

    def __init__(self, config: StatisticsConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("mean", torch.tensor(MEAN))
        self.register_buffer("std", torch.tensor(STD))
        self.register_buffer("projection", orthonormal(len(MEAN), config.width, config.seed))

    @property
    def width(self) -> int:
        """Length of a feature vector."""
        return self.config.width

    def forward(
        self, images: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch rows columns channels"]:
        """Encode a batch of images, resized to the nearest multiple of the cell.

        Args:
            images: RGB in [0, 1].

        Returns:
            One vector of length 1 per cell.
        """
        statistics = local_statistics(
            resize_to_patch_grid(images, self.config.cell), self.config.cell
        )
        standard = (statistics - self.mean) / self.std
        return functional.normalize(standard @ self.projection, dim=-1)


def orthonormal(rows: int, columns: int, seed: int) -> Float[Tensor, "rows columns"]:
    """Draw a matrix with orthonormal rows, or orthonormal columns if there are fewer columns.

    Args:
        rows: Number of rows.
        columns: Number of columns.
        seed: Seed of the generator.

    Returns:
        The matrix, float32.
    """
    drawn = np.random.default_rng(seed).standard_normal((max(rows, columns), min(rows, columns)))
    basis, triangle = np.linalg.qr(drawn)
    basis = basis * np.sign(np.diag(triangle))
    return torch.from_numpy(basis if rows >= columns else basis.T).float().contiguous()
