"""Similarity of the features of a scene's points to that of a picked one."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int, Int8
from PIL import ImageDraw
from torch import Tensor
from torch.nn.functional import normalize

from gaussrep.neighbors import farthest_points, nearest_neighbors
from gaussrep.report import Panel, near_to_far
from gaussrep_gaussiancross.report.k_means import k_means
from gaussrep_gaussiancross.report.report_scene import ReportCamera, ReportScene

Point = tuple[float, float, float]
"""A position in the units of the points."""

PICKS = 3
"""Number of points picked by default."""

CLUSTERS = 8
"""Clusters of features; points are picked from the most different ones (design choice)."""

LOW_QUANTILE = 0.02
"""Quantile of the similarities at which the color range begins."""

RING_RADIUS = 9
"""Radius of the ring in pixels."""


def pick_points(scene: ReportScene, places: Sequence[Point]) -> Int[Tensor, " picks"]:
    """Choose the points that all others are compared with.

    Args:
        scene: The scene.
        places: Positions of which the nearest points are chosen. If empty, `PICKS` visible points
            are chosen: those nearest to the means of feature clusters that are far apart.

    Returns:
        Indices of points.
    """
    if places:
        wanted = scene.cloud.points.new_tensor(places)
        return nearest_neighbors(wanted, scene.cloud.points).indices[:, 0]
    visible = scene.elevated.is_visible(scene.cloud.normals).nonzero().flatten()
    units = normalize(scene.features[visible], dim=-1)
    groups = k_means(units, CLUSTERS)
    means = torch.stack([units[groups == group].mean(0) for group in groups.unique()])
    extreme = int((means - means.mean(0)).norm(dim=-1).argmax())
    chosen = means[farthest_points(means, min(PICKS, len(means)), extreme)]
    return visible[nearest_neighbors(chosen, units).indices[:, 0]]


def similarities(scene: ReportScene, pick: int) -> Float[Tensor, " p"]:
    """Compute the cosine of all points' features with that of one point.

    Args:
        scene: The scene.
        pick: Index of the point.

    Returns:
        One cosine per point, from -1 to 1.
    """
    units = normalize(scene.features, dim=-1)
    return units @ units[pick]


def similarity_panel(scene: ReportScene, pick: int) -> Panel:
    """Draw the similarity to a point, the most similar brightest; a ring marks the point.

    Args:
        scene: The scene.
        pick: Index of the point.

    Returns:
        The panel.
    """
    found = similarities(scene, pick)
    low = found.kthvalue(max(1, round(LOW_QUANTILE * len(found)))).values
    colors = near_to_far((1 - found) / (1 - low).clamp_min(1e-6))
    panel = scene.paint(f"cosine {low:.2f} to 1", colors, scene.elevated)
    x, y, _ = scene.elevated.project(scene.cloud.points[pick : pick + 1])[0].tolist()
    x, y = x * panel.image.width, y * panel.image.height
    pen = ImageDraw.Draw(panel.image)
    for radius, color, width in ((RING_RADIUS + 1, "white", 5), (RING_RADIUS, "#d1242f", 3)):
        box = (x - radius, y - radius, x + radius, y + radius)
        pen.ellipse(box, outline=color, width=width)
    return panel


COLUMNS, ROWS = 56, 42
"""Cells of an image; the nearest point of each is taken, about 3,000 of both images."""

CHANNELS = 16
"""Principal directions of the features that the page keeps."""

OVERLAP = 1.25
"""Side of a drawn point, in cells."""

MAX_POSITION = 65535
"""Width and height of an image in the units of the positions."""


@dataclass(frozen=True, eq=False)
class PickMap:
    """Points with compressed features, and their positions in two images.

    Attributes:
        features: Compressed unit vectors, scaled to at most 127, [P, C].
        places: x and y of the points from above and from outside, in 1/65535 of the image,
            [2, P, 2].
        orders: Visible points in drawing order, farthest first.
        side: Side of a drawn point, as a fraction of the image width.
        first: Index of the point that is picked initially.
    """

    features: Int8[Tensor, "p c"]
    places: Int[Tensor, "2 p 2"]
    orders: tuple[Int[Tensor, " above"], Int[Tensor, " outside"]]
    side: float
    first: int

    @classmethod
    def of(cls, scene: ReportScene, pick: int) -> "PickMap":
        """Choose points evenly spread over both images, and the picked one.

        Args:
            scene: The scene.
            pick: Index of the scene's point that is picked initially.

        Returns:
            The chosen points.
        """
        spread = [_spread(scene, camera) for camera in (scene.above, scene.elevated)]
        subset = torch.cat([*spread, spread[0].new_tensor([pick])]).unique()
        found = [
            _positions_and_order(scene, camera, subset) for camera in (scene.above, scene.elevated)
        ]
        return cls(
            features=compress_features(scene.features[subset], CHANNELS),
            places=torch.stack([places for places, _ in found]),
            orders=(found[0][1], found[1][1]),
            side=OVERLAP / COLUMNS,
            first=int(torch.searchsorted(subset, pick)),
        )

    def data(self) -> dict[str, Any]:
        """Convert to plain data for JSON.

        Returns:
            Values by name; arrays are little-endian, in base 64.
        """
        return {
            "channels": self.features.shape[1],
            "features": _base64(self.features, "<i1"),
            "places": [_base64(places, "<u2") for places in self.places],
            "orders": [_base64(order, "<u2") for order in self.orders],
            "side": self.side,
            "first": self.first,
            "palette": palette(),
        }


def palette() -> list[list[int]]:
    """List the nine colors of viridis, in bytes.

    Returns:
        RGB in 0 … 255, from the bright end.
    """
    return (near_to_far(torch.linspace(0, 1, 9)) * 255).round().int().tolist()


def compress_features(features: Float[Tensor, "p d"], channels: int) -> Int8[Tensor, "p c"]:
    """Reduce vectors to few channels so that the cosines between them change little.

    Args:
        features: The vectors.
        channels: Largest number of channels to keep.

    Returns:
        Unit vectors in their principal directions, rounded to eight bits.
    """
    units = normalize(features.float(), dim=-1)
    axes = torch.linalg.eigh(units.mT @ units).eigenvectors.flip(-1)[:, :channels]
    places = units @ axes
    return (places / places.abs().amax().clamp_min(1e-6) * 127).round().to(torch.int8)


def _spread(scene: ReportScene, camera: ReportCamera) -> Tensor:
    """Find the nearest point in each cell of an image."""
    visible = camera.is_visible(scene.cloud.normals).nonzero().flatten()
    x, y, depth = camera.project(scene.cloud.points[visible]).unbind(-1)
    cells = (y * ROWS).long().clamp(0, ROWS - 1) * COLUMNS + (x * COLUMNS).long().clamp(
        0, COLUMNS - 1
    )
    order = depth.argsort()
    order = order[cells[order].argsort(stable=True)]
    first = cells[order].diff(prepend=cells.new_tensor([-1])) > 0
    return visible[order[first]]


def _positions_and_order(
    scene: ReportScene, camera: ReportCamera, subset: Tensor
) -> tuple[Tensor, Tensor]:
    x, y, depth = camera.project(scene.cloud.points[subset]).unbind(-1)
    places = (torch.stack([x, y], 1).clamp(0, 1) * MAX_POSITION).round().long()
    order = depth.argsort(descending=True)
    return places, order[camera.is_visible(scene.cloud.normals[subset])[order]]


def _base64(values: Tensor, kind: str) -> str:
    return b64encode(values.cpu().numpy().astype(np.dtype(kind)).tobytes()).decode()
