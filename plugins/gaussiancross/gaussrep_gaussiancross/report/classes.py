"""Ground-truth classes of points beside clusters of their features."""

from colorsys import hsv_to_rgb
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import normalize

from gaussrep.data.scenes import IGNORED
from gaussrep.report.palette import css
from gaussrep.report.panel import Panel
from gaussrep_gaussiancross.report.k_means import k_means
from gaussrep_gaussiancross.report.report_scene import Look

FIRST = 0.6
"""Hue of the first class, blue: it is the wall in ScanNet, and there is much of it (ours)."""

TURN = 0.618034
"""Golden ratio: hues that follow each other by it never come close again soon."""

NO_CLASS = 0.82
"""Gray level of points without a class."""


def class_colors(classes: int) -> Float[Tensor, "classes 3"]:
    """Colors of numbered classes, of all hues and three strengths.

    Args:
        classes: How many there are.

    Returns:
        RGB in [0, 1].
    """
    strengths = ((0.5, 0.85), (0.75, 0.7), (0.4, 0.95))
    colors = [hsv_to_rgb((FIRST + i * TURN) % 1, *strengths[i % 3]) for i in range(classes)]
    return torch.tensor(colors).view(classes, 3)


@dataclass(frozen=True)
class Classes:
    """What points are, and what groups their features fall into.

    Attributes:
        panels: Classes, and groups of features in the colors of the classes that they match.
        legend: Name and CSS color of each class that is there.
        matched: Share of the points with a class whose group has the color of that class.
    """

    panels: tuple[Panel, Panel]
    legend: list[tuple[str, str]]
    matched: float


def classes_of(look: Look, names: tuple[str, ...]) -> Classes | None:
    """Compare the classes of points with as many groups of features, found without them.

    Args:
        look: The scene.
        names: Of the classes; empty where they are not known.

    Returns:
        None where no point has a class.
    """
    labels = look.cloud.labels
    present = labels[labels != IGNORED].unique()
    if not len(present):
        return None
    groups = k_means(normalize(look.features, dim=-1), len(present))
    guessed = present[match(groups, _places(labels, present), len(present))[groups]]
    colors = class_colors(max(len(names), int(present.max()) + 1))
    drawn = torch.cat([colors, torch.full((1, 3), NO_CLASS)])
    matched = (guessed == labels)[labels != IGNORED].float().mean().item()
    return Classes(
        panels=(
            look.paint("classes", drawn[labels.cpu()], look.elevated),
            look.paint(f"k-means, {len(present)} groups", drawn[guessed.cpu()], look.elevated),
        ),
        legend=[
            (names[label] if names else f"class {label}", css(colors[label]))
            for label in present.tolist()
        ],
        matched=matched,
    )


def match(
    groups: Int[Tensor, " p"], classes: Int[Tensor, " p"], count: int
) -> Int[Tensor, " count"]:
    """Give each group a class of its own, the pair with most points in common first.

    Args:
        groups: Group of each point, from 0 to count - 1.
        classes: Class of each point, from 0 to count - 1, or `IGNORED`.
        count: How many groups and how many classes there are.

    Returns:
        The class of each group.
    """
    known = classes != IGNORED
    pairs = (groups[known] * count + classes[known]).bincount(minlength=count * count)
    common, found = pairs.view(count, count), torch.zeros_like(groups[:1]).repeat(count)
    for _ in range(count):
        group, number = divmod(int(common.argmax()), count)
        found[group] = number
        common[group], common[:, number] = -1, -1
    return found


def _places(labels: Tensor, present: Tensor) -> Tensor:
    """Labels counted through those that are there."""
    places = torch.searchsorted(present, labels.clamp_min(int(present[0])))
    return torch.where(labels == IGNORED, IGNORED, places)
