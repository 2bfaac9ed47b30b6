"""A segmentation of the validation scenes, scored."""

import logging
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from gaussrep.data.sample_key import SampleKey
from gaussrep.evaluation.evaluation import Scores
from gaussrep.methods.method import Batch
from gaussrep_gaussiancross.downstream.metrics import (
    SegmentationScores,
    confusion_matrix,
    segmentation_scores,
)
from gaussrep_gaussiancross.downstream.voting import vote
from gaussrep_gaussiancross.evaluations.scenes import LabeledScenes, batches_of
from gaussrep_gaussiancross.evaluations.ticker import Ticker

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
