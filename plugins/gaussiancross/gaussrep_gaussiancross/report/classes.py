"""Ground-truth classes of points next to clusters of their features."""

from colorsys import hsv_to_rgb
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import normalize

from gaussrep.data import IGNORED
from gaussrep.report import Panel, css_color
from gaussrep_gaussiancross.report.k_means import k_means
from gaussrep_gaussiancross.report.report_scene import ReportScene

FIRST_HUE = 0.6
"""Hue of the first class, blue: in ScanNet it is the wall, the most frequent class (design
choice)."""

HUE_STEP = 0.618034
"""Golden ratio, so that hues of successive classes differ."""

NO_CLASS = 0.82
"""Gray level of points without a class."""


def class_colors(classes: int) -> Float[Tensor, "classes 3"]:
    """Choose colors of classes, of all hues and three levels of saturation and value.

    Args:
        classes: Number of classes.

    Returns:
        RGB in [0, 1].
    """
    levels = ((0.5, 0.85), (0.75, 0.7), (0.4, 0.95))
    colors = [hsv_to_rgb((FIRST_HUE + i * HUE_STEP) % 1, *levels[i % 3]) for i in range(classes)]
    return torch.tensor(colors).view(classes, 3)


@dataclass(frozen=True)
class Classes:
    """Ground-truth classes of points, and clusters of their features.

    Attributes:
        panels: Classes, and clusters of features in the colors of their matched classes.
        legend: Name and CSS color of each present class.
        matched: Fraction of the labeled points whose cluster is matched with their class.
    """

    panels: tuple[Panel, Panel]
    legend: list[tuple[str, str]]
    matched: float


def compare_classes(scene: ReportScene, names: tuple[str, ...]) -> Classes | None:
    """Compare the classes of points with the same number of feature clusters.

    Args:
        scene: The scene.
        names: Names of the classes; empty if they are not known.

    Returns:
        The comparison; None if no point has a class.
    """
    labels = scene.cloud.labels
    present = labels[labels != IGNORED].unique()
    if not len(present):
        return None
    groups = k_means(normalize(scene.features, dim=-1), len(present))
    predicted = present[
        match_clusters(groups, _compact_labels(labels, present), len(present))[groups]
    ]
    colors = class_colors(max(len(names), int(present.max()) + 1))
    palette = torch.cat([colors, torch.full((1, 3), NO_CLASS)])
    matched = (predicted == labels)[labels != IGNORED].float().mean().item()
    return Classes(
        panels=(
            scene.paint("classes", palette[labels.cpu()], scene.elevated),
            scene.paint(
                f"k-means, {len(present)} groups", palette[predicted.cpu()], scene.elevated
            ),
        ),
        legend=[
            (names[label] if names else f"class {label}", css_color(colors[label]))
            for label in present.tolist()
        ],
        matched=matched,
    )


def match_clusters(
    groups: Int[Tensor, " p"], classes: Int[Tensor, " p"], count: int
) -> Int[Tensor, " count"]:
    """Match clusters with classes greedily, the pair with most common points first.

    Args:
        groups: Cluster of each point, from 0 to count - 1.
        classes: Class of each point, from 0 to count - 1, or `IGNORED`.
        count: Number of clusters and of classes.

    Returns:
        Class of each cluster.
    """
    known = classes != IGNORED
    pairs = (groups[known] * count + classes[known]).bincount(minlength=count * count)
    common, found = pairs.view(count, count), torch.zeros_like(groups[:1]).repeat(count)
    for _ in range(count):
        group, number = divmod(int(common.argmax()), count)
        found[group] = number
        common[group], common[:, number] = -1, -1
    return found


def _compact_labels(labels: Tensor, present: Tensor) -> Tensor:
    """Return labels as indices into the present classes."""
    indices = torch.searchsorted(present, labels.clamp_min(int(present[0])))
    return torch.where(labels == IGNORED, IGNORED, indices)
