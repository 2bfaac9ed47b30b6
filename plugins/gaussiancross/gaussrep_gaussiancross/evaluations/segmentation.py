"""Test-time voting, confusion matrices and scores of semantic segmentation."""

import logging
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from gaussrep.data import IGNORED, SampleKey
from gaussrep.evaluation import Scores
from gaussrep.methods import Batch
from gaussrep_gaussiancross.evaluations.scenes import LabeledScenes, iter_batches, show_progress


@dataclass(frozen=True, slots=True)
class SegmentationScores:
    """Scores of a semantic segmentation, from 0 to 1 (best).

    Attributes:
        miou: Mean intersection over union of the classes.
        macc: Mean accuracy (recall) of the classes.
        all_acc: Fraction of all points that are classified correctly.
        ious: Intersection over union of each class; NaN for a class that is neither in the ground
            truth nor predicted, which `miou` leaves out.
        accuracies: Accuracy of each class; NaN for a class that is not in the ground truth, which
            `macc` leaves out.
    """

    miou: float
    macc: float
    all_acc: float
    ious: Float[Tensor, " classes"]
    accuracies: Float[Tensor, " classes"]

    def over_all_classes(self) -> dict[str, float]:
        """Average over all classes, with excluded ones as 0 (Pointcept's evaluator).

        Returns:
            `miou` and `macc`.
        """
        values = {"miou": self.ious, "macc": self.accuracies}
        return {name: each.nan_to_num(0).mean().item() for name, each in values.items()}


def confusion_matrix(
    predictions: Int[Tensor, " p"], labels: Int[Tensor, " p"], classes: int
) -> Int[Tensor, "classes classes"]:
    """Count points by ground-truth and predicted class.

    Args:
        predictions: Classes, from 0.
        labels: Ground-truth classes, from 0; points with `IGNORED` do not count.
        classes: Number of classes.

    Returns:
        Counts of points, one row per ground-truth class and one column per predicted class. The
        matrices of several scenes may be summed.
    """
    known = labels != IGNORED
    cells = labels[known] * classes + predictions[known]
    return torch.bincount(cells, minlength=classes**2).view(classes, classes)


def segmentation_scores(confusion: Int[Tensor, "classes classes"]) -> SegmentationScores:
    """Compute the scores of a confusion matrix.

    Args:
        confusion: One row per ground-truth class and one column per predicted class; not all zero.

    Returns:
        The scores. `macc` leaves out classes without ground-truth points.

    Examples:
        >>> scores = segmentation_scores(torch.tensor([[3, 1, 0], [0, 4, 0], [0, 0, 0]]))
        >>> round(scores.miou, 3), scores.macc, scores.all_acc
        (0.775, 0.875, 0.875)
    """
    counts = confusion.double()
    correct, true, predicted = counts.diagonal(), counts.sum(dim=1), counts.sum(dim=0)
    ious = correct / (true + predicted - correct)
    accuracies = correct / true
    return SegmentationScores(
        miou=ious.nanmean().item(),
        macc=accuracies.nanmean().item(),
        all_acc=(correct.sum() / true.sum()).item(),
        ious=ious,
        accuracies=accuracies,
    )


SCALES = (1.0, 0.95, 1.05)
"""Scales of the copies of a scene (released configurations)."""
ROTATIONS = 4
"""Rotations about the vertical axis at each scale, by quarter turns (released configurations)."""
MAX_VOTES = ROTATIONS * len(SCALES) + 1
"""All rotations at all scales, and one mirrored copy."""


def vote(
    scores: Callable[[Batch], Float[Tensor, "p classes"]], batch: Batch, votes: int
) -> Float[Tensor, "p classes"]:
    """Average class probabilities over transformed copies of scenes (test-time augmentation).

    Args:
        scores: Computes class scores (logits) of every point.
        batch: Scenes; the first copy is untransformed.
        votes: Number of copies, from 1 to `MAX_VOTES`.

    Returns:
        Probabilities of each point.
    """
    copies = (
        transform_scene(batch, matrix) for matrix in vote_transforms(votes).to(batch["points"])
    )
    total = sum(scores(copy).float().softmax(dim=1) for copy in copies)
    assert isinstance(total, Tensor)
    return total / votes


def vote_transforms(votes: int) -> Float[Tensor, "votes 3 3"]:
    """Build the transforms of the voting copies.

    Args:
        votes: Number of transforms, from 1 to `MAX_VOTES`: the identity, three rotations, four
            rotations at each other scale, and a reflection of x (design choice: the released code
            negates x and y at once, which is a rotation that is among the others).

    Returns:
        Matrices that act on points as column vectors.
    """
    angles = [math.tau * step / ROTATIONS for step in range(ROTATIONS)]
    matrices = [scale * _rotation(angle) for scale in SCALES for angle in angles]
    mirrored = torch.diag(torch.tensor([-1.0, 1.0, 1.0]))
    return torch.stack([*matrices, mirrored])[:votes]


def transform_scene(batch: Batch, matrix: Float[Tensor, "3 3"]) -> dict[str, Tensor]:
    """Transform the points and normals of scenes.

    Args:
        batch: Scenes with `points` and `normals`.
        matrix: A rotation or reflection, times a scale.

    Returns:
        The transformed scenes; other entries are unchanged.
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
def compute_confusion(
    scenes: LabeledScenes,
    chosen: Sequence[int],
    scores: PointScores,
    *,
    votes: int,
    num_workers: int,
    device: torch.device,
) -> Int[Tensor, "classes classes"]:
    """Segment scenes one at a time and count the predictions.

    Args:
        scenes: Scenes with labels.
        chosen: Indices of the scenes to segment.
        scores: Computes class scores (logits) of every point.
        votes: Number of transformed copies per scene.
        num_workers: Number of loading processes.
        device: Device of the scores.

    Returns:
        Counts of points, one row per ground-truth class and one column per predicted class.
    """
    classes = len(scenes.classes)
    confusion = torch.zeros(classes, classes, dtype=torch.int64, device=device)
    keys = [[SampleKey(index)] for index in chosen]
    batches = iter_batches(scenes, keys, num_workers, device)
    for batch in show_progress(batches, "validation scenes", len(chosen)):
        predictions = vote(scores, batch, votes).argmax(dim=1)
        confusion += confusion_matrix(predictions, batch["labels"], classes)
    return confusion.cpu()


class SegmentationTable:
    """Collect the rows of a segmentation evaluation.

    Args:
        classes: Names of the classes.
    """

    def __init__(self, classes: Sequence[str]) -> None:
        self._classes = tuple(classes)
        self._rows: dict[str, SegmentationScores] = {}
        self._never_seen: list[str] = []
        self._true_counts = torch.zeros(len(self._classes), dtype=torch.int64)
        self._class_counts = torch.zeros(len(self._classes), dtype=torch.int64)

    def add(
        self,
        row: str,
        confusion: Int[Tensor, "classes classes"],
        class_counts: Int[Tensor, " classes"],
    ) -> None:
        """Add a row, and warn about validation classes that training did not contain.

        Args:
            row: Name of the row.
            confusion: Counts on the validation scenes, one row per ground-truth class.
            class_counts: Training points of each class.
        """
        self._rows[row] = segmentation_scores(confusion)
        self._true_counts, self._class_counts = confusion.sum(dim=1), class_counts.cpu()
        missing = (self._true_counts > 0) & (self._class_counts == 0)
        names = [
            name for name, absent in zip(self._classes, missing.tolist(), strict=True) if absent
        ]
        if names and names != self._never_seen:
            logger.warning(
                "%s: training never saw a point of %s, which validation scenes show, so none will "
                "be found; train on more scenes, more labeled points or more steps",
                row,
                ", ".join(names),
            )
        self._never_seen = names

    def add_constant(self, row: str) -> None:
        """Add a row that predicts one class everywhere: the most frequent of the training points.

        Args:
            row: Name of the row; another row was added before.
        """
        classes = len(self._classes)
        confusion = torch.zeros(classes, classes, dtype=torch.int64)
        confusion[:, int(self._class_counts.argmax())] = self._true_counts
        self._rows[row] = segmentation_scores(confusion)

    def scores(self, facts: Mapping[str, Any]) -> Scores:
        """Build the scores of the evaluation.

        Args:
            facts: Further facts to report.

        Returns:
            Rows of `miou`, `macc` and `all_acc`. The facts also hold `iou` per row and class, None
            for a class that is neither in the ground truth nor predicted, `all_classes`, the means
            over all classes per row, and `unseen_classes`.
        """
        rows = {
            row: {"miou": found.miou, "macc": found.macc, "all_acc": found.all_acc}
            for row, found in self._rows.items()
        }
        ious = {
            row: scores_by_class(found.ious.tolist(), self._classes)
            for row, found in self._rows.items()
        }
        all_classes = {row: found.over_all_classes() for row, found in self._rows.items()}
        own = {"unseen_classes": self._never_seen, "all_classes": all_classes, "iou": ious}
        return Scores(rows, {**facts, **own})


def scores_by_class(values: Iterable[float], classes: Sequence[str]) -> dict[str, float | None]:
    """Pair values with class names; NaN, which JSON lacks, becomes None.

    Args:
        values: One value per class.
        classes: Names of the classes.

    Returns:
        Values by class name.
    """
    pairs = zip(classes, values, strict=True)
    return {name: None if math.isnan(value) else value for name, value in pairs}
