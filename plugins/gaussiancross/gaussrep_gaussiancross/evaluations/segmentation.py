"""Test-time voting, confusion matrices and scores of semantic segmentation."""

import logging
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from gaussrep.data import SampleKey
from gaussrep.data.scenes import IGNORED
from gaussrep.evaluation.evaluation import Scores
from gaussrep.methods.method import Batch
from gaussrep_gaussiancross.evaluations.scenes import LabeledScenes, Ticker, batches_of


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


SCALES = (1.0, 0.95, 1.05)
"""Sizes at which a scene is looked at (released configurations)."""
TURNS = 4
"""Rotations about the vertical axis at each size, a quarter apart (released configurations)."""
MOST_VOTES = TURNS * len(SCALES) + 1
"""All rotations at all sizes, and one mirrored scene."""


def vote(
    scores: Callable[[Batch], Float[Tensor, "p classes"]], batch: Batch, votes: int
) -> Float[Tensor, "p classes"]:
    """Average the class probabilities that are said of a scene and of turned copies of it.

    Args:
        scores: Gives class scores (logits) of every point.
        batch: Scenes; as they are, they have the first vote.
        votes: How many of `turns` look at it.

    Returns:
        Probabilities.
    """
    views = (moved(batch, turn) for turn in turns(votes).to(batch["points"]))
    total = sum(scores(view).float().softmax(dim=1) for view in views)
    assert isinstance(total, Tensor)
    return total / votes


def turns(votes: int) -> Float[Tensor, "votes 3 3"]:
    """The ways in which a scene is turned, scaled and mirrored.

    Args:
        votes: How many of them, from 1 to `MOST_VOTES`: nothing done, three rotations, the four at
            each other size, and last a mirrored scene (x negated; which axis is ours: the released
            code negates x and y at once, which is a rotation that has voted before).

    Returns:
        Matrices that act on points as column vectors.
    """
    angles = [math.tau * turn / TURNS for turn in range(TURNS)]
    matrices = [scale * _rotation(angle) for scale in SCALES for angle in angles]
    mirrored = torch.diag(torch.tensor([-1.0, 1.0, 1.0]))
    return torch.stack([*matrices, mirrored])[:votes]


def moved(batch: Batch, matrix: Float[Tensor, "3 3"]) -> dict[str, Tensor]:
    """The same scenes with points and normals moved; everything else is as it was.

    Args:
        batch: Scenes with `points` and `normals`.
        matrix: A rotation or reflection, times a scale.
    """
    directions = matrix / matrix.det().abs() ** (1 / 3)
    return {
        **batch,
        "points": batch["points"] @ matrix.mT,
        "normals": batch["normals"] @ directions.mT,
    }


def _rotation(angle: float) -> Float[Tensor, "3 3"]:
    cosine, sine = math.cos(angle), math.sin(angle)
    return torch.tensor([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])


logger = logging.getLogger("gaussrep.evaluation")

PointScores = Callable[[Batch], Float[Tensor, "p classes"]]


@torch.no_grad()
def confusion_on(
    scenes: LabeledScenes,
    chosen: Sequence[int],
    scores: PointScores,
    *,
    votes: int,
    workers: int,
    device: torch.device,
) -> Int[Tensor, "classes classes"]:
    """Classify the points of scenes, one scene at a time.

    Args:
        scenes: Scenes with labels.
        chosen: Indices of those to look at.
        scores: Gives class scores (logits) of every point.
        votes: Looks at each scene.
        workers: Processes that load scenes.
        device: Where scores are computed.

    Returns:
        Counts of points, a row per true class and a column per guess.
    """
    classes = len(scenes.classes)
    confusion = torch.zeros(classes, classes, dtype=torch.int64, device=device)
    ticker = Ticker("validation scenes", len(chosen))
    keys = [[SampleKey(index)] for index in chosen]
    for done, batch in enumerate(batches_of(scenes, keys, workers, device), start=1):
        guesses = vote(scores, batch, votes).argmax(dim=1)
        confusion += confusion_matrix(guesses, batch["labels"], classes)
        ticker.tick(done)
    return confusion.cpu()


class SegmentationTable:
    """Gathers the rows of an evaluation.

    Args:
        classes: Names of the classes.
    """

    def __init__(self, classes: Sequence[str]) -> None:
        self._classes = tuple(classes)
        self._rows: dict[str, SegmentationScores] = {}
        self._never_seen: list[str] = []

    def add(
        self, row: str, confusion: Int[Tensor, "classes classes"], seen: Int[Tensor, " classes"]
    ) -> None:
        """Add a row; warn of classes that are to be found but were never trained on.

        Args:
            row: What it is called.
            confusion: Counts on the validation scenes, a row per true class.
            seen: Points of each class in training.
        """
        self._rows[row] = segmentation_scores(confusion)
        missing = (confusion.sum(dim=1) > 0) & (seen.cpu() == 0)
        names = [name for name, lost in zip(self._classes, missing.tolist(), strict=True) if lost]
        if names and names != self._never_seen:
            logger.warning(
                "%s: training never saw a point of %s, which validation scenes show, so none will "
                "be found; train on more scenes, more labeled points or more steps",
                row,
                ", ".join(names),
            )
        self._never_seen = names

    def scores(self, facts: Mapping[str, Any]) -> Scores:
        """Make the table.

        Args:
            facts: What to tell besides.

        Returns:
            Rows of `miou`, `macc` and `all_acc`. The facts get `iou`, per row and class, None for a
            class that is neither there nor guessed, and `never_seen`.
        """
        rows = {
            row: {"miou": found.miou, "macc": found.macc, "all_acc": found.all_acc}
            for row, found in self._rows.items()
        }
        ious = {
            row: by_name(found.ious.tolist(), self._classes) for row, found in self._rows.items()
        }
        return Scores(rows, {**facts, "never_seen": self._never_seen, "iou": ious})


def by_name(values: Iterable[float], classes: Sequence[str]) -> dict[str, float | None]:
    """Numbers by class, None for what is not a number, which JSON does not know."""
    pairs = zip(classes, values, strict=True)
    return {name: None if math.isnan(value) else value for name, value in pairs}
