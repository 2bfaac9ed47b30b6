"""The classes of a scene's points, and groups of features beside them."""

from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor
from torch.nn.functional import normalize

from gaussrep.data.scenes.point_cloud import IGNORED
from gaussrep.report.palette import css
from gaussrep.report.panel import Panel
from gaussrep_gaussiancross.report.class_colors import NO_CLASS, class_colors
from gaussrep_gaussiancross.report.k_means import k_means
from gaussrep_gaussiancross.report.look import Look


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
