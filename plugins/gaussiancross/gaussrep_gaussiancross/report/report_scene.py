"""A scene, its Gaussians and features, and the cameras of the report."""

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor

import gaussrep as gr
from gaussrep import Cameras, Gaussians
from gaussrep.data import PointCloud
from gaussrep.methods import Batch
from gaussrep.report import Panel
from gaussrep_gaussiancross.anchors import AnchorGrid
from gaussrep_gaussiancross.head import GaussianField
from gaussrep_gaussiancross.method import GaussianCross
from gaussrep_gaussiancross.scene_batch import SceneBatch

POINT_SCALE = 1.5
"""Standard deviation of a point relative to the distance to its neighbor (design choice)."""

LINE_SCALE = 1 / 900
"""Standard deviation of a line relative to the box's diagonal."""

LINE_GRAY = 0.35
"""Gray level of lines."""

PROBES = 256


def point_splats(
    points: Float[Tensor, "p 3"], colors: Float[Tensor, "p 3"], radius: float
) -> Gaussians:
    """Convert points to small opaque Gaussians, which the renderer draws as balls.

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
    """Choose a radius at which the points of a surface cover it.

    Args:
        points: Positions, not all equal.

    Returns:
        `POINT_SCALE` times the median distance between neighbors, clamped to between 1/1500 and
        1/40 of the points' extent.
    """
    probes = points[:: max(1, len(points) // PROBES)]
    distances = torch.cdist(probes, points)
    nearest = torch.where(distances > 0, distances, torch.inf).amin(1).median()
    extent = float((points.amax(0) - points.amin(0)).norm())
    return min(max(POINT_SCALE * float(nearest), extent / 1500), extent / 40)


def wire_frame(low: Float[Tensor, " 3"], high: Float[Tensor, " 3"]) -> Gaussians:
    """Draw the twelve edges of a box.

    Args:
        low: Its lowest corner.
        high: Its highest corner.

    Returns:
        Edges as rows of small balls.
    """
    radius = LINE_SCALE * float((high - low).norm())
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
    return point_splats(points, torch.full_like(points, LINE_GRAY), radius)


def corners(low: Float[Tensor, " 3"], high: Float[Tensor, " 3"]) -> Float[Tensor, "8 3"]:
    """Compute the corners of a box.

    Args:
        low: Its lowest corner.
        high: Its highest corner.

    Returns:
        The eight corners.
    """
    return torch.cartesian_prod(*torch.stack([low, high], dim=1))


SIZE = (456, 342)
"""Width and height in pixels of exterior images; four of them are as wide as eight views."""

OVERSAMPLING = 2
MARGIN = 0.03
"""Fraction of the image that stays empty at each side."""

DISTANCE = 2.5
"""Distance from the center of the box to the camera, in diagonals of the box."""

CameraModel = Literal["pinhole", "ortho"]
Direction = tuple[float, float, float]

UP: Direction = (0.0, 0.0, 1.0)
NORTH: Direction = (0.0, 1.0, 0.0)

THREE_QUARTER: Direction = (-0.6, -0.8, 0.9)
"""Direction from the center of the box to the camera."""

MIN_COSINE = -0.1
"""Cosine of a normal and the direction to the camera, below which a surface is culled."""


@dataclass(frozen=True, eq=False)
class ReportCamera:
    """A camera outside of a scene, with back-face culling.

    Normals of a room point inwards, so culling removes its near walls and its ceiling.

    Attributes:
        cameras: One view, [1].
    """

    cameras: Cameras

    @classmethod
    def elevated(cls, low: Float[Tensor, " 3"], high: Float[Tensor, " 3"]) -> "ReportCamera":
        """Place a camera obliquely above a corner of a box.

        Args:
            low: Lowest corner of the box.
            high: Highest corner of the box.

        Returns:
            A perspective camera.
        """
        return cls(_framed(low, high, THREE_QUARTER, UP, "pinhole"))

    @classmethod
    def above(cls, low: Float[Tensor, " 3"], high: Float[Tensor, " 3"]) -> "ReportCamera":
        """Place a camera straight above a box; y points up in the image.

        Args:
            low: Lowest corner of the box.
            high: Highest corner of the box.

        Returns:
            An orthographic camera.
        """
        return cls(_framed(low, high, UP, NORTH, "ortho"))

    def is_visible(self, normals: Float[Tensor, "p 3"]) -> Bool[Tensor, " p"]:
        """Find the surfaces that face the camera.

        Args:
            normals: Unit vectors; zero where there is none.

        Returns:
            Mask of the visible surfaces.
        """
        return -(normals @ self.cameras.viewmats[0, 2, :3]) > MIN_COSINE

    def project(self, points: Float[Tensor, "p 3"]) -> Float[Tensor, "p 3"]:
        """Project points.

        Args:
            points: Positions.

        Returns:
            x and y as fractions of width and height, and depth.
        """
        camera = self.cameras
        in_camera = points @ camera.viewmats[0, :3, :3].mT + camera.viewmats[0, :3, 3]
        flat = _flat(in_camera, camera.model) * camera.Ks[0, 0, 0] + camera.Ks[0, :2, 2]
        return torch.cat(
            [flat / flat.new_tensor([camera.width, camera.height]), in_camera[:, 2:]], 1
        )

    def render(self, gaussians: Gaussians) -> Float[Tensor, "h w 3"]:
        """Render Gaussians on white, at `OVERSAMPLING` times the displayed size.

        Args:
            gaussians: Gaussians without batch axes.

        Returns:
            RGB in [0, 1].
        """
        white = gaussians.means.new_ones(3)
        return gr.render(gaussians, self.cameras, background=white).color[0]


def _framed(
    low: Tensor, high: Tensor, towards: Direction, up: Direction, model: CameraModel
) -> Cameras:
    """Build a camera whose image the box just fills."""
    width, height = (OVERSAMPLING * side for side in SIZE)
    middle, direction = (low + high) / 2, low.new_tensor(towards)
    eye = middle + DISTANCE * (high - low).norm() * direction / direction.norm()
    camera = Cameras.look_at(eye[None], middle, low.new_tensor(up), width, height)
    in_camera = corners(low, high) @ camera.viewmats[0, :3, :3].mT + camera.viewmats[0, :3, 3]
    flat = _flat(in_camera, model)
    first, last = flat.aminmax(dim=0)
    size = low.new_tensor([width, height])
    focal = ((1 - 2 * MARGIN) * size / (last - first)).amin()
    x, y = (size - focal * (first + last)) / 2
    zero, one = torch.zeros_like(focal), torch.ones_like(focal)
    K = torch.stack([focal, zero, x, zero, focal, y, zero, zero, one]).view(1, 3, 3)
    return camera.replace(Ks=K, model=model)


def _flat(in_camera: Tensor, model: str) -> Tensor:
    return in_camera[:, :2] / in_camera[:, 2:] if model == "pinhole" else in_camera[:, :2]


MAX_POINTS = 150_000
"""Largest number of points that are drawn; of more, a random subset."""


@dataclass(frozen=True, eq=False)
class ReportScene:
    """A scene with its features and Gaussians, and the cameras that show it.

    Attributes:
        cloud: Points that are drawn.
        features: The backbone's feature of each point, [P, D].
        field: Gaussians of the whole scene, batch axis [1].
        low: Lowest corner of the grid, in the units of the points, [3].
        high: Highest corner of the grid, in the units of the points, [3].
        cell: Sides of a cell in the units of the Gaussians, [3].
        elevated: Oblique camera.
        above: Camera straight above.
        radius: Standard deviation of a drawn point.
    """

    cloud: PointCloud
    features: Float[Tensor, "p d"]
    field: GaussianField
    low: Float[Tensor, " 3"]
    high: Float[Tensor, " 3"]
    cell: Float[Tensor, " 3"]
    elevated: ReportCamera
    above: ReportCamera
    radius: float

    @classmethod
    def of(cls, method: GaussianCross, batch: Batch) -> "ReportScene":
        """Encode all points of a scene and predict its Gaussians.

        Args:
            method: The trained model, in evaluation mode.
            batch: One scene.

        Returns:
            The scene.
        """
        field, grid = method.field(batch), AnchorGrid.of(SceneBatch.of(batch), method.config)
        ends = torch.stack([grid.low, grid.low + grid.cell * grid.low.new_tensor(grid.shape)], 1)
        low, high = field.cuboid.denormalize(ends)[0]
        chosen = _random_indices(len(batch["points"])).to(low.device)
        names = ("points", "colors", "normals", "labels", "instances")
        cloud = PointCloud(*(batch[name][chosen] for name in names))
        return cls(
            cloud=cloud,
            features=method.encode_points(batch).float()[chosen],
            field=field,
            low=low,
            high=high,
            cell=grid.cell[0],
            elevated=ReportCamera.elevated(low, high),
            above=ReportCamera.above(low, high),
            radius=point_radius(cloud.points),
        )

    def paint(self, title: str, colors: Float[Tensor, "p 3"], camera: ReportCamera) -> Panel:
        """Draw the points in given colors.

        Args:
            title: Title of the panel.
            colors: RGB in [0, 1] of each point.
            camera: The camera.

        Returns:
            The panel.
        """
        visible = camera.is_visible(self.cloud.normals)
        colors = colors[visible.to(colors.device)]
        points = point_splats(self.cloud.points[visible], colors, self.radius)
        return Panel.from_pixels(title, camera.render(points), SIZE)


def _random_indices(count: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randperm(count, generator=generator)[:MAX_POINTS].sort().values
