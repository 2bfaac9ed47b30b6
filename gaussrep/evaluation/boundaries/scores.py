"""ODS, OIS and AP from the counts of all images."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from gaussrep.evaluation.boundaries.counts import Counts

STEPS = 100
"""Points between two thresholds at which the best F is looked for, ends included (original)."""
RECALLS = np.arange(101) / 100
"""Where precision is sampled for AP: recall 0, 0.01, ..., 1 (original)."""

Curve = Float[np.ndarray, " *t"]


@dataclass(frozen=True, slots=True)
class BoundaryScores:
    """What a detector reached; all but the thresholds from 0 to 1, 1 best.

    Attributes:
        ods: Best F at one threshold for all images ("optimal data set scale").
        ois: F with the best threshold for each image ("optimal image scale").
        ap: Area under the precision-recall curve; where no threshold reaches a recall, precision
            counts as 0 there. 0 where all thresholds reach the same recall.
        ods_threshold: Threshold of `ods`.
        ods_precision: Precision at it.
        ods_recall: Recall at it.
        thresholds: Of the curve, ascending [T].
        precision: Of detected pixels, those right by any annotator [T]; 0 where none is detected.
        recall: Of the pixels of all annotators, those found [T].
    """

    ods: float
    ois: float
    ap: float
    ods_threshold: float
    ods_precision: float
    ods_recall: float
    thresholds: Float[np.ndarray, " t"]
    precision: Float[np.ndarray, " t"]
    recall: Float[np.ndarray, " t"]


def summarize(counts: Sequence[Counts], thresholds: Float[np.ndarray, " t"]) -> BoundaryScores:
    """Sum counts over images and score them.

    Args:
        counts: One per image, at least one.
        thresholds: Those of the counts, ascending.

    Returns:
        The scores.
    """
    table = np.stack([(c.right, c.detected, c.found, c.annotated) for c in counts])
    precision, recall = _rates(table.sum(axis=0))
    best = f_measure(*_rates(np.moveaxis(table, 0, 1))).argmax(axis=1)
    chosen = table[np.arange(len(table)), :, best].sum(axis=0)
    fine = [_between(each) for each in (thresholds, precision, recall)]
    at = int(f_measure(fine[1], fine[2]).argmax())
    return BoundaryScores(
        ods=float(f_measure(fine[1], fine[2])[at]),
        ois=f_measure(*_rates(chosen[:, None])).item(),
        ap=average_precision(precision, recall),
        ods_threshold=float(fine[0][at]),
        ods_precision=float(fine[1][at]),
        ods_recall=float(fine[2][at]),
        thresholds=thresholds,
        precision=precision,
        recall=recall,
    )


def f_measure(precision: Curve, recall: Curve) -> Curve:
    """Harmonic mean of precision and recall; 0 where both are 0."""
    total = precision + recall
    return 2 * precision * recall / np.where(total == 0, 1, total)


def average_precision(precision: Float[np.ndarray, " t"], recall: Float[np.ndarray, " t"]) -> float:
    """Area under the curve: precision by linear interpolation at each of `RECALLS`, times 0.01.

    Args:
        precision: By ascending threshold.
        recall: By ascending threshold; of equal ones the first counts.

    Returns:
        From 0 to 1.01: the original sums 101 samples of width 0.01.
    """
    distinct, first = np.unique(recall, return_index=True)
    if len(distinct) < 2:
        return 0.0
    return float(np.interp(RECALLS, distinct, precision[first], left=0, right=0).sum() / 100)


def _rates(table: Int[np.ndarray, "4 *t"]) -> tuple[Curve, Curve]:
    right, detected, found, annotated = table
    return right / np.maximum(detected, 1), found / np.maximum(annotated, 1)


def _between(values: Float[np.ndarray, " t"]) -> Float[np.ndarray, " n"]:
    """Values with the straight lines between them."""
    if len(values) == 1:
        return values
    return np.linspace(values[:-1], values[1:], STEPS, axis=1).ravel()
