"""How well points are classified: intersections over unions and accuracies."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from gaussrep.data.scenes.point_cloud import IGNORED


@dataclass(frozen=True, slots=True)
class SegmentationScores:
    """What a segmentation reached; all from 0 to 1, 1 best.

    Attributes:
        miou: Mean of the classes' intersections over unions.
        macc: Mean of the classes' shares of points that were found.
        all_acc: Share of all points that were classified rightly.
        ious: Intersection over union of each class; not a number for a class that is neither in the
            truth nor guessed, which no mean counts.
    """

    miou: float
    macc: float
    all_acc: float
    ious: Float[Tensor, " classes"]


def confusion_matrix(
    guesses: Int[Tensor, " p"], labels: Int[Tensor, " p"], classes: int
) -> Int[Tensor, "classes classes"]:
    """Count how often each class was taken for each.

    Args:
        guesses: Classes, from 0.
        labels: Classes, from 0; points where it is `IGNORED` do not count.
        classes: Number of classes.

    Returns:
        Counts of points, a row per true class and a column per guess. Those of several scenes add
        up.
    """
    known = labels != IGNORED
    cells = labels[known] * classes + guesses[known]
    return torch.bincount(cells, minlength=classes**2).view(classes, classes)


def segmentation_scores(confusion: Int[Tensor, "classes classes"]) -> SegmentationScores:
    """Score the counts of all scenes.

    Args:
        confusion: A row per true class and a column per guess; not all zero.

    Returns:
        The scores. A class without true points has no accuracy and is left out of `macc`.

    Example:
        >>> scores = segmentation_scores(torch.tensor([[3, 1, 0], [0, 4, 0], [0, 0, 0]]))
        >>> round(scores.miou, 3), scores.macc, scores.all_acc
        (0.775, 0.875, 0.875)
    """
    counts = confusion.double()
    right, true, guessed = counts.diagonal(), counts.sum(dim=1), counts.sum(dim=0)
    ious = right / (true + guessed - right)
    accuracies = right / true
    return SegmentationScores(
        miou=ious.nanmean().item(),
        macc=accuracies.nanmean().item(),
        all_acc=(right.sum() / true.sum()).item(),
        ious=ious,
    )
