"""How similar the features of a scene's points are to that of one of them."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from PIL import ImageDraw
from torch import Tensor
from torch.nn.functional import normalize

from gaussrep.neighbors import farthest_points, nearest_neighbors
from gaussrep.report.palette import near_to_far
from gaussrep.report.panel import Panel
from gaussrep_gaussiancross.report.k_means import k_means
from gaussrep_gaussiancross.report.look import Look

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
