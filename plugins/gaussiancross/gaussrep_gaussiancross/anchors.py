"""The cuboid of each scene, its grid of anchors, and the dense volume of features on it."""

from dataclasses import dataclass

import torch
from einops import rearrange
from jaxtyping import Bool, Float, Int
from torch import Tensor

from gaussrep.cuboid import Cuboid
from gaussrep_gaussiancross.config import GaussianCrossConfig
from gaussrep_gaussiancross.scene_batch import SceneBatch

THINNEST = 1 / 32
"""Least side of the box that cells divide, as a share of the longest: a bare floor has none."""

RIM = 1e-3
"""How far outside the grid, in cells, a point may lie and still belong to it."""


@dataclass(frozen=True, eq=False)
class Placement:
    """The cuboid of each scene and the grid of cells in it.

    Attributes:
        cuboid: From the units of the points to those that Gaussians live in, one per scene.
        low: Lowest corner of the grid, in the units of the Gaussians, [B, 3].
        cell: Sides of a cell, [B, 3].
        shape: Cells along x, y and z.
    """

    cuboid: Cuboid
    low: Float[Tensor, "b 3"]
    cell: Float[Tensor, "b 3"]
    shape: tuple[int, int, int]

    @classmethod
    def of(cls, batch: SceneBatch, config: GaussianCrossConfig) -> "Placement":
        """Fit cuboids to the scenes of a batch.

        Raises:
            ValueRangeError: If the points of a scene are not finite or all coincide.
        """
        unit = _fit(batch, config.outliers)
        low, high = _filled(batch, unit) if config.cells == "box" else _whole(unit)
        if not config.normalize:
            low, high = (unit.denormalize(corner[:, None])[:, 0] for corner in (low, high))
        ones = torch.ones_like(low)
        cuboid = unit if config.normalize else Cuboid(0 * ones, ones)
        return cls(cuboid, low, (high - low) / low.new_tensor(config.anchors), config.anchors)

    def anchors(self) -> Float[Tensor, "b n 3"]:
        """The middles ν of all cells; z changes fastest."""
        axes = [torch.arange(n, device=self.low.device) + 0.5 for n in self.shape]
        grid = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1).view(-1, 3)
        return self.low[:, None] + grid.to(self.low.dtype) * self.cell[:, None]

    def cells_of(
        self, points: Float[Tensor, "p 3"], scene: Int[Tensor, " p"]
    ) -> tuple[Int[Tensor, " p"], Bool[Tensor, " p"]]:
        """Find the cells that points lie in.

        Args:
            points: In the units of the batch's points.
            scene: Which scene each belongs to.

        Returns:
            Numbers of cells, counted through all scenes, and which points lie in the grid at all.
        """
        unit = (points - self.cuboid.center[scene]) * self.cuboid.scale[scene]
        place = (unit - self.low[scene]) / self.cell[scene]
        shape = torch.tensor(self.shape, device=points.device)
        inside = ((place > -RIM) & (place < shape + RIM)).all(-1)
        x, y, z = place.floor().long().clamp_min(0).minimum(shape - 1).unbind(-1)
        return ((scene * self.shape[0] + x) * self.shape[1] + y) * self.shape[2] + z, inside


def _fit(batch: SceneBatch, outliers: float) -> Cuboid:
    counts = batch.counts.tolist()
    fits = [Cuboid.fit(points, quantile=outliers) for points in batch.points.split(counts)]
    return Cuboid(torch.stack([f.center for f in fits]), torch.stack([f.size for f in fits]))


def _filled(batch: SceneBatch, unit: Cuboid) -> tuple[Tensor, Tensor]:
    """Corners of the box that each scene fills in its unit cube."""
    low, high = (
        unit.normalize(corner[:, None])[:, 0].clamp(-0.5, 0.5) for corner in batch.bounds()
    )
    grow = (THINNEST - (high - low)).clamp_min(0) / 2
    return low - grow, high + grow


def _whole(unit: Cuboid) -> tuple[Tensor, Tensor]:
    half = torch.full_like(unit.size, 0.5)
    return -half, half


@dataclass(frozen=True, eq=False)
class Volume:
    """Features of voxels, averaged in cells.

    Attributes:
        features: F_v, zeros in empty cells, [B, D, X, Y, Z].
        occupied: Which cells hold points; z changes fastest, [B, N].
    """

    features: Float[Tensor, "b d x y z"]
    occupied: Bool[Tensor, "b n"]


def scatter_mean(features: Float[Tensor, "p d"], batch: SceneBatch, placement: Placement) -> Volume:
    """Average features in the cells that their points lie in.

    Args:
        features: One vector per point of the batch.
        batch: The points.
        placement: Where their cells are.
    """
    cells, inside = placement.cells_of(batch.points, batch.scene)
    cells, features = cells[inside], features[inside]
    x, y, z = placement.shape
    counts = cells.bincount(minlength=batch.scenes * x * y * z)
    sums = features.new_zeros(len(counts), features.shape[1]).index_add(0, cells, features)
    means = sums / counts.clamp_min(1)[:, None]
    return Volume(
        rearrange(means, "(b x y z) d -> b d x y z", b=batch.scenes, x=x, y=y, z=z),
        (counts > 0).view(batch.scenes, -1),
    )
