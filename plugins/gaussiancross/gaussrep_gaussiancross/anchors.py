"""The cuboid of each scene, its grid of anchors, and the dense volume of features on the grid."""

from dataclasses import dataclass

import torch
from einops import rearrange
from jaxtyping import Bool, Float, Int
from torch import Tensor

from gaussrep import Cuboid
from gaussrep_gaussiancross.config import GaussianCrossConfig
from gaussrep_gaussiancross.scene_batch import SceneBatch

MIN_SIDE = 1 / 32
"""Smallest side of the box that the grid divides, relative to its longest; a bare floor is flat."""

BOUNDARY_TOLERANCE = 1e-3
"""Distance outside the grid, in cells, within which a point still belongs to it."""


@dataclass(frozen=True, eq=False)
class AnchorGrid:
    """The cuboid of each scene and the grid of cells in it; the center of each cell is an anchor.

    Attributes:
        cuboid: Maps the units of the points to those of the Gaussians, one per scene.
        low: Lowest corner of the grid, in the units of the Gaussians, [B, 3].
        cell: Sides of a cell, in the units of the Gaussians, [B, 3].
        shape: Number of cells along x, y and z.
    """

    cuboid: Cuboid
    low: Float[Tensor, "b 3"]
    cell: Float[Tensor, "b 3"]
    shape: tuple[int, int, int]

    @classmethod
    def of(cls, batch: SceneBatch, config: GaussianCrossConfig) -> "AnchorGrid":
        """Fit cuboids to the scenes of a batch and divide them into cells.

        Args:
            batch: The scenes.
            config: Number of cells, extent of the grid and normalization.

        Returns:
            The grids.

        Raises:
            ValueRangeError: If the points of a scene are not finite or all coincide.
        """
        unit = _fit_cuboids(batch, config.outlier_fraction)
        low, high = (
            _box_corners(batch, unit) if config.grid_extent == "box" else _cube_corners(unit)
        )
        if not config.normalize:
            low, high = (unit.denormalize(corner[:, None])[:, 0] for corner in (low, high))
        ones = torch.ones_like(low)
        cuboid = unit if config.normalize else Cuboid(0 * ones, ones)
        return cls(cuboid, low, (high - low) / low.new_tensor(config.anchors), config.anchors)

    def anchors(self) -> Float[Tensor, "b n 3"]:
        """Compute the centers ν of all cells.

        Returns:
            Positions in the units of the Gaussians; z changes fastest.
        """
        axes = [torch.arange(n, device=self.low.device) + 0.5 for n in self.shape]
        grid = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1).view(-1, 3)
        return self.low[:, None] + grid.to(self.low.dtype) * self.cell[:, None]

    def cells_of(
        self, points: Float[Tensor, "p 3"], scene: Int[Tensor, " p"]
    ) -> tuple[Int[Tensor, " p"], Bool[Tensor, " p"]]:
        """Find the cell of each point.

        Args:
            points: Positions in the units of the batch's points.
            scene: Scene of each point, from 0 to B - 1.

        Returns:
            Index of each point's cell, counted through all scenes, and a mask of the points inside
            the grid.
        """
        unit = (points - self.cuboid.center[scene]) * self.cuboid.scale[scene]
        position = (unit - self.low[scene]) / self.cell[scene]
        shape = torch.tensor(self.shape, device=points.device)
        tolerance = BOUNDARY_TOLERANCE
        inside = ((position > -tolerance) & (position < shape + tolerance)).all(-1)
        x, y, z = position.floor().long().clamp_min(0).minimum(shape - 1).unbind(-1)
        return ((scene * self.shape[0] + x) * self.shape[1] + y) * self.shape[2] + z, inside


@dataclass(frozen=True, eq=False)
class Volume:
    """Point features averaged in the cells of a grid.

    Attributes:
        features: F_v, zero in empty cells, [B, D, X, Y, Z].
        occupied: Mask of the cells that hold points; z changes fastest, [B, N].
    """

    features: Float[Tensor, "b d x y z"]
    occupied: Bool[Tensor, "b n"]


def scatter_mean(features: Float[Tensor, "p d"], batch: SceneBatch, grid: AnchorGrid) -> Volume:
    """Average point features in the cells of a grid.

    Args:
        features: One vector per point of the batch.
        batch: The points.
        grid: The grid of each scene.

    Returns:
        The volume; points outside the grid do not contribute.
    """
    cells, inside = grid.cells_of(batch.points, batch.scene)
    cells, features = cells[inside], features[inside]
    x, y, z = grid.shape
    counts = cells.bincount(minlength=batch.scenes * x * y * z)
    sums = features.new_zeros(len(counts), features.shape[1]).index_add(0, cells, features)
    means = sums / counts.clamp_min(1)[:, None]
    return Volume(
        rearrange(means, "(b x y z) d -> b d x y z", b=batch.scenes, x=x, y=y, z=z),
        (counts > 0).view(batch.scenes, -1),
    )


def mean_colors(batch: SceneBatch, grid: AnchorGrid) -> Float[Tensor, "b n 3"]:
    """Average the colors of the points in the cells of a grid.

    Args:
        batch: The points.
        grid: The grid of each scene.

    Returns:
        RGB in [0, 1], gray where a cell holds no points; z changes fastest.
    """
    volume = scatter_mean((batch.inputs[:, :3] + 1) / 2, batch, grid)
    colors = rearrange(volume.features, "b c x y z -> b (x y z) c")
    return torch.where(volume.occupied[..., None], colors, 0.5)


def _fit_cuboids(batch: SceneBatch, outlier_fraction: float) -> Cuboid:
    counts = batch.counts.tolist()
    fits = [Cuboid.fit(points, quantile=outlier_fraction) for points in batch.points.split(counts)]
    return Cuboid(torch.stack([f.center for f in fits]), torch.stack([f.size for f in fits]))


def _box_corners(batch: SceneBatch, unit: Cuboid) -> tuple[Tensor, Tensor]:
    """Return the corners of each scene's bounding box in its unit cube."""
    low, high = (
        unit.normalize(corner[:, None])[:, 0].clamp(-0.5, 0.5) for corner in batch.bounds()
    )
    padding = (MIN_SIDE - (high - low)).clamp_min(0) / 2
    return low - padding, high + padding


def _cube_corners(unit: Cuboid) -> tuple[Tensor, Tensor]:
    half = torch.full_like(unit.size, 0.5)
    return -half, half
