"""A scene, its Gaussians and features, and the cameras of the report."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

import gaussrep as gr
from gaussrep.cameras import CameraModel, Cameras
from gaussrep.data.scenes import PointCloud
from gaussrep.gaussians import Gaussians
from gaussrep.methods.method import Batch
from gaussrep.report.panel import Panel
from gaussrep_gaussiancross.anchors import AnchorGrid
from gaussrep_gaussiancross.head import GaussianField
from gaussrep_gaussiancross.method import GaussianCross
from gaussrep_gaussiancross.scene_batch import SceneBatch

COVER = 1.5
"""Standard deviation of a point, as a share of the distance to its neighbor (ours)."""

THICKNESS = 1 / 900
"""Standard deviation of a line, as a share of the box's diagonal."""

LINE = 0.35
"""Gray level of lines."""

PROBES = 256


def splats(points: Float[Tensor, "p 3"], colors: Float[Tensor, "p 3"], radius: float) -> Gaussians:
    """Draw points as balls.

    Args:
        points: Positions.
        colors: RGB in [0, 1].
        radius: Standard deviation.

    Returns:
        One opaque Gaussian per point.
    """
    return Gaussians(
        means=points,
        quats=points.new_tensor([1.0, 0, 0, 0]).expand(len(points), 4),
        scales=torch.full_like(points, radius),
        opacities=torch.ones_like(points[:, 0]),
        colors=colors.to(points),
    )


def point_radius(points: Float[Tensor, "p 3"]) -> float:
    """Choose a radius at which points of a surface cover it.

    Args:
        points: Positions, not all alike.

    Returns:
        `COVER` times the median distance between neighbors, held between 1/1500 and 1/40 of the
        points' extent.
    """
    probes = points[:: max(1, len(points) // PROBES)]
    distances = torch.cdist(probes, points)
    nearest = torch.where(distances > 0, distances, torch.inf).amin(1).median()
    extent = float((points.amax(0) - points.amin(0)).norm())
    return min(max(COVER * float(nearest), extent / 1500), extent / 40)


def wire_frame(low: Float[Tensor, " 3"], high: Float[Tensor, " 3"]) -> Gaussians:
    """Draw the twelve edges of a box.

    Args:
        low: Its lowest corner.
        high: Its highest corner.

    Returns:
        Edges as rows of small balls.
    """
    radius = THICKNESS * float((high - low).norm())
    edges = []
    for axis in range(3):
        steps = int((high - low)[axis] / radius) + 2
        first, second = (other for other in range(3) if other != axis)
        for a in (low, high):
            for b in (low, high):
                edge = low.repeat(steps, 1)
                edge[:, axis] = torch.linspace(float(low[axis]), float(high[axis]), steps)
                edge[:, first], edge[:, second] = a[first], b[second]
                edges.append(edge)
    points = torch.cat(edges)
    return splats(points, torch.full_like(points, LINE), radius)


def corners(low: Float[Tensor, " 3"], high: Float[Tensor, " 3"]) -> Float[Tensor, "8 3"]:
    """The corners of a box.

    Args:
        low: Its lowest corner.
        high: Its highest corner.
    """
    return torch.cartesian_prod(*torch.stack([low, high], dim=1))


SIZE = (456, 342)
"""Width and height in pixels of pictures from outside; four of them are as wide as eight views."""

OVERSAMPLING = 2
MARGIN = 0.03
"""Share of a picture that stays free at each side."""

DISTANCE = 2.5
"""From the middle of the box to the eye, in diagonals of the box."""

Direction = tuple[float, float, float]

UP: Direction = (0.0, 0.0, 1.0)
NORTH: Direction = (0.0, 1.0, 0.0)

THREE_QUARTER: Direction = (-0.6, -0.8, 0.9)
"""Direction from the middle to the eye."""

AWAY = -0.1
"""Cosine of normal and direction to the eye below which a surface is cut away."""


@dataclass(frozen=True, eq=False)
class Outlook:
    """A view from outside, in which surfaces that are turned away are left out.

    Normals of a room point into it, so its near walls and its ceiling do not hide what is inside.

    Attributes:
        camera: One view, [1].
    """

    camera: Cameras

    @classmethod
    def elevated(cls, low: Float[Tensor, " 3"], high: Float[Tensor, " 3"]) -> "Outlook":
        """Look down on a corner of a box."""
        return cls(_framed(low, high, THREE_QUARTER, UP, "pinhole"))

    @classmethod
    def above(cls, low: Float[Tensor, " 3"], high: Float[Tensor, " 3"]) -> "Outlook":
        """Look straight down on a box; y points up in the picture."""
        return cls(_framed(low, high, UP, NORTH, "ortho"))

    def sees(self, normals: Float[Tensor, "p 3"]) -> Bool[Tensor, " p"]:
        """Tell which surfaces are not turned away.

        Args:
            normals: Unit vectors; zero where there is none.
        """
        return -(normals @ self.camera.viewmats[0, 2, :3]) > AWAY

    def place(self, points: Float[Tensor, "p 3"]) -> Float[Tensor, "p 3"]:
        """Where points fall: x and y in shares of width and height, and depth.

        Args:
            points: Positions.
        """
        camera = self.camera
        seen = points @ camera.viewmats[0, :3, :3].mT + camera.viewmats[0, :3, 3]
        flat = _flat(seen, camera.model) * camera.Ks[0, 0, 0] + camera.Ks[0, :2, 2]
        return torch.cat([flat / flat.new_tensor([camera.width, camera.height]), seen[:, 2:]], 1)

    def draw(self, gaussians: Gaussians) -> Float[Tensor, "h w 3"]:
        """Draw Gaussians on white, larger than they are shown.

        Args:
            gaussians: Without batch axes.
        """
        white = gaussians.means.new_ones(3)
        return gr.render(gaussians, self.camera, background=white).color[0]


def _framed(
    low: Tensor, high: Tensor, towards: Direction, up: Direction, model: CameraModel
) -> Cameras:
    """A camera that the box just fits into."""
    width, height = (OVERSAMPLING * side for side in SIZE)
    middle, direction = (low + high) / 2, low.new_tensor(towards)
    eye = middle + DISTANCE * (high - low).norm() * direction / direction.norm()
    camera = Cameras.look_at(eye[None], middle, low.new_tensor(up), width, height)
    seen = corners(low, high) @ camera.viewmats[0, :3, :3].mT + camera.viewmats[0, :3, 3]
    flat = _flat(seen, model)
    first, last = flat.aminmax(dim=0)
    size = low.new_tensor([width, height])
    focal = ((1 - 2 * MARGIN) * size / (last - first)).amin()
    x, y = (size - focal * (first + last)) / 2
    zero, one = torch.zeros_like(focal), torch.ones_like(focal)
    K = torch.stack([focal, zero, x, zero, focal, y, zero, zero, one]).view(1, 3, 3)
    return camera.replace(Ks=K, model=model)


def _flat(seen: Tensor, model: CameraModel) -> Tensor:
    return seen[:, :2] / seen[:, 2:] if model == "pinhole" else seen[:, :2]


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
    field: GaussianField
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
        field, cell = method.field(batch), AnchorGrid.of(SceneBatch.of(batch), method.config)
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
