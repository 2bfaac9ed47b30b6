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
from gaussrep.report.palette import ANCHORS, near_to_far
from gaussrep.report.panel import Panel
from gaussrep_gaussiancross.report.k_means import k_means
from gaussrep_gaussiancross.report.report_scene import Look, Outlook

Point = tuple[float, float, float]
"""A place, in the units of the points."""

PICKS = 3
"""Points that are picked where none is given."""

GROUPS = 8
"""Groups of features, of which the most different ones are picked from (ours)."""

LEAST = 0.02
"""Quantile of the similarities at which colors begin."""

RING = 9
"""Radius of the mark in pixels."""


def pick_points(look: Look, places: Sequence[Point]) -> Int[Tensor, " picks"]:
    """Choose points to compare with.

    Args:
        look: The scene.
        places: The points nearest to them are taken; without any, `PICKS` points that are seen
            from outside, each the most typical of a group of features, and the groups far apart.

    Returns:
        Indices of points.
    """
    if places:
        wanted = look.cloud.points.new_tensor(places)
        return nearest_neighbors(wanted, look.cloud.points).indices[:, 0]
    seen = look.elevated.sees(look.cloud.normals).nonzero().flatten()
    units = normalize(look.features[seen], dim=-1)
    groups = k_means(units, GROUPS)
    means = torch.stack([units[groups == group].mean(0) for group in groups.unique()])
    extreme = int((means - means.mean(0)).norm(dim=-1).argmax())
    chosen = means[farthest_points(means, min(PICKS, len(means)), extreme)]
    return seen[nearest_neighbors(chosen, units).indices[:, 0]]


def similarities(look: Look, pick: int) -> Float[Tensor, " p"]:
    """Cosine of the features of all points with that of one.

    Args:
        look: The scene.
        pick: Index of the point.

    Returns:
        From -1 to 1.
    """
    units = normalize(look.features, dim=-1)
    return units @ units[pick]


def similarity_panel(look: Look, pick: int) -> Panel:
    """Draw the similarity to a point from outside, the most similar brightest; a ring marks it.

    Args:
        look: The scene.
        pick: Index of the point.
    """
    found = similarities(look, pick)
    low = found.kthvalue(max(1, round(LEAST * len(found)))).values
    colors = near_to_far((1 - found) / (1 - low).clamp_min(1e-6))
    panel = look.paint(f"cosine {low:.2f} to 1", colors, look.elevated)
    x, y, _ = look.elevated.place(look.cloud.points[pick : pick + 1])[0].tolist()
    x, y = x * panel.picture.width, y * panel.picture.height
    pen = ImageDraw.Draw(panel.picture)
    for radius, color, width in ((RING + 1, "white", 5), (RING, "#d1242f", 3)):
        box = (x - radius, y - radius, x + radius, y + radius)
        pen.ellipse(box, outline=color, width=width)
    return panel


ACROSS, DOWN = 56, 42
"""Cells of a picture; of each the nearest point is taken, about 3,000 of both pictures."""

CHANNELS = 16
"""Directions in which the features of the points are largest; the rest is left out of the page."""

OVERLAP = 1.25
"""Side of the square that a point is drawn as, in cells."""

FULL = 65535
"""Width and height of a picture in the units of the places."""


@dataclass(frozen=True, eq=False)
class PickMap:
    """Points with short features, and where they lie in two pictures.

    Attributes:
        features: Unit vectors, shortened and times up to 127, [P, C].
        places: Where points lie from above and from outside, across and down, in 1/65535 of the
            picture, [2, P, 2].
        orders: Points in the order in which they are drawn, farthest first; those that are cut
            away are left out.
        side: Of the square that a point is drawn as, in shares of the picture's width.
        first: Index of the point that is picked at first.
    """

    features: Int8[Tensor, "p c"]
    places: Int[Tensor, "2 p 2"]
    orders: tuple[Int[Tensor, " above"], Int[Tensor, " outside"]]
    side: float
    first: int

    @classmethod
    def of(cls, look: Look, pick: int) -> "PickMap":
        """Choose points evenly spread over both pictures, and the one that is picked.

        Args:
            look: The scene.
            pick: Index of the point of the scene that is picked at first.
        """
        spread = [_spread(look, outlook) for outlook in (look.above, look.elevated)]
        some = torch.cat([*spread, spread[0].new_tensor([pick])]).unique()
        found = [_drawn(look, outlook, some) for outlook in (look.above, look.elevated)]
        return cls(
            features=shortened(look.features[some], CHANNELS),
            places=torch.stack([places for places, _ in found]),
            orders=(found[0][1], found[1][1]),
            side=OVERLAP / ACROSS,
            first=int(torch.searchsorted(some, pick)),
        )

    def data(self) -> dict[str, Any]:
        """Plain data for JSON; arrays are little-endian, in base 64."""
        return {
            "channels": self.features.shape[1],
            "features": _base64(self.features, "<i1"),
            "places": [_base64(places, "<u2") for places in self.places],
            "orders": [_base64(order, "<u2") for order in self.orders],
            "side": self.side,
            "first": self.first,
            "palette": [[*bytes.fromhex(color)] for color in ANCHORS],
        }


def shortened(features: Float[Tensor, "p d"], channels: int) -> Int8[Tensor, "p c"]:
    """Shorten vectors so that the cosines between them change little.

    Args:
        features: The vectors.
        channels: How many numbers at most are left of each.

    Returns:
        Their unit vectors in the directions in which these are largest, rounded to eight bits.
    """
    units = normalize(features.float(), dim=-1)
    axes = torch.linalg.eigh(units.mT @ units).eigenvectors.flip(-1)[:, :channels]
    places = units @ axes
    return (places / places.abs().amax().clamp_min(1e-6) * 127).round().to(torch.int8)


def _spread(look: Look, outlook: Outlook) -> Tensor:
    """The nearest point in each cell of a picture."""
    seen = outlook.sees(look.cloud.normals).nonzero().flatten()
    x, y, depth = outlook.place(look.cloud.points[seen]).unbind(-1)
    cells = (y * DOWN).long().clamp(0, DOWN - 1) * ACROSS + (x * ACROSS).long().clamp(0, ACROSS - 1)
    order = depth.argsort()
    order = order[cells[order].argsort(stable=True)]
    first = cells[order].diff(prepend=cells.new_tensor([-1])) > 0
    return seen[order[first]]


def _drawn(look: Look, outlook: Outlook, some: Tensor) -> tuple[Tensor, Tensor]:
    x, y, depth = outlook.place(look.cloud.points[some]).unbind(-1)
    places = (torch.stack([x, y], 1).clamp(0, 1) * FULL).round().long()
    order = depth.argsort(descending=True)
    return places, order[outlook.sees(look.cloud.normals[some])[order]]


def _base64(values: Tensor, kind: str) -> str:
    return b64encode(values.cpu().numpy().astype(np.dtype(kind)).tobytes()).decode()
