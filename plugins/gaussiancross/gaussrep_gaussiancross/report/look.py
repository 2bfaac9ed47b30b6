"""Look: a scene, what a method says of it, and from where it is drawn."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.data.scenes.point_cloud import PointCloud
from gaussrep.methods.method import Batch
from gaussrep.report.panel import Panel
from gaussrep_gaussiancross.field import Field
from gaussrep_gaussiancross.method import GaussianCross
from gaussrep_gaussiancross.placement import Placement
from gaussrep_gaussiancross.report.outlook import SIZE, Outlook
from gaussrep_gaussiancross.report.splats import point_radius, splats
from gaussrep_gaussiancross.scene_batch import SceneBatch

MOST_POINTS = 150_000
"""Points that are drawn; of more, a random choice."""


@dataclass(frozen=True, eq=False)
class Look:
    """A scene.

    Attributes:
        cloud: Points that are drawn.
        features: What the backbone says of each of them, [P, D].
        field: The Gaussians that the whole scene is said in, batch axis [1].
        low: Lowest corner of the box that the cells divide, in the units of the points, [3].
        high: Its highest corner.
        cell: Sides of a cell in the units of the Gaussians, [3].
        elevated: From where it is drawn.
        above: From where its plan is drawn.
        radius: Of a point that is drawn.
    """

    cloud: PointCloud
    features: Float[Tensor, "p d"]
    field: Field
    low: Float[Tensor, " 3"]
    high: Float[Tensor, " 3"]
    cell: Float[Tensor, " 3"]
    elevated: Outlook
    above: Outlook
    radius: float

    @classmethod
    def of(cls, method: GaussianCross, batch: Batch) -> "Look":
        """Let a method look at all points of a scene.

        Args:
            method: In evaluation mode.
            batch: One scene.
        """
        field, cell = method.field(batch), Placement.of(SceneBatch.of(batch), method.config)
        ends = torch.stack([cell.low, cell.low + cell.cell * cell.low.new_tensor(cell.shape)], 1)
        low, high = field.cuboid.denormalize(ends)[0]
        chosen = _chosen(len(batch["points"])).to(low.device)
        names = ("points", "colors", "normals", "labels", "instances")
        cloud = PointCloud(*(batch[name][chosen] for name in names))
        return cls(
            cloud=cloud,
            features=method.encode_points(batch).float()[chosen],
            field=field,
            low=low,
            high=high,
            cell=cell.cell[0],
            elevated=Outlook.elevated(low, high),
            above=Outlook.above(low, high),
            radius=point_radius(cloud.points),
        )

    def paint(self, title: str, colors: Float[Tensor, "p 3"], outlook: Outlook) -> Panel:
        """Draw the points from outside.

        Args:
            title: Of the panel.
            colors: RGB in [0, 1] of each point.
            outlook: From where.
        """
        seen = outlook.sees(self.cloud.normals)
        points = splats(self.cloud.points[seen], colors[seen.to(colors.device)], self.radius)
        return Panel.of(title, outlook.draw(points), SIZE)


def _chosen(count: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randperm(count, generator=generator)[:MOST_POINTS].sort().values
