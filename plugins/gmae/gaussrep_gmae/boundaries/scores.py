"""The boundary benchmark: soft boundary maps against annotators; ODS, OIS and AP."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import Bool, Float, Int

from gaussrep.errors import ShapeError, ValueRangeError
from gaussrep.runtime import worker_pool
from gaussrep_gmae.boundaries.matching import Counts, count_matches

STEPS = 100
"""Points between two thresholds at which the best F is looked for, ends included (original)."""
RECALLS = np.arange(101) / 100
"""Where precision is sampled for AP: recall 0, 0.01, ..., 1 (original)."""

Curve = Float[np.ndarray, " *t"]


@dataclass(frozen=True, slots=True)
class BoundaryScores:
    """Scores of a boundary detector, in [0, 1], higher is better, except thresholds.

    Attributes:
        ods: Best F at one threshold for all images ("optimal data set scale").
        ois: F with the best threshold for each image ("optimal image scale").
        ap: Area under the precision-recall curve; where no threshold reaches a recall, precision
            counts as 0 there. 0 if all thresholds reach the same recall.
        ods_threshold: Threshold of `ods`.
        ods_precision: Precision at it.
        ods_recall: Recall at it.
        thresholds: Thresholds of the curve, ascending [T].
        precision: Of detected pixels, those right by any annotator [T]; 0 where none is detected.
        recall: Fraction of the pixels of all annotators that were found [T].
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
    table = np.stack(
        [(c.true_positives, c.detected, c.matched_annotated, c.annotated) for c in counts]
    )
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
    """Harmonic mean of precision and recall; 0 if both are 0."""
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
    true_positives, detected, matched, annotated = table
    return true_positives / np.maximum(detected, 1), matched / np.maximum(annotated, 1)


def _between(values: Float[np.ndarray, " t"]) -> Float[np.ndarray, " n"]:
    """Interpolate linearly between thresholds."""
    if len(values) == 1:
        return values
    return np.linspace(values[:-1], values[1:], STEPS, axis=1).ravel()


THRESHOLDS = 99
"""Default number of thresholds, as in BSDS500's code."""
TOLERANCE = 0.0075
"""Default matching tolerance, as a fraction of the image's diagonal, as in BSDS500's code; 4.3
pixels at 481x321."""


def score_boundaries(
    strengths: Sequence[Float[np.ndarray, "_ _"]],
    annotations: Sequence[Bool[np.ndarray, "_ _ _"]],
    *,
    thresholds: int = THRESHOLDS,
    tolerance: float = TOLERANCE,
    processes: int = 1,
) -> BoundaryScores:
    """Score soft boundary maps as BSDS500's benchmark does (Arbelaez et al. 2011, section 3).

    At each threshold a map is made binary and thinned, and its pixels are matched one to one to
    those of each annotator.

    Args:
        strengths: One map [H, W] in [0, 1] per image; sizes may differ.
        annotations: Maps of the image's annotators [A, H, W].
        thresholds: Number of thresholds, evenly spaced between 0 and 1, both excluded.
        tolerance: Largest distance of a match, as a fraction of the image's diagonal.
        processes: Images scored at once, each in a process; 1 starts none. As these are spawned, a
            script that asks for more guards its main part by `if __name__ == "__main__":`.

    Returns:
        The scores.

    Raises:
        ShapeError: There are no images, or maps and annotations do not belong together.
        ValueRangeError: A strength is outside [0, 1] or NaN, or a setting is out of range.

    Examples:
        >>> line = np.eye(20, dtype=bool)
        >>> score_boundaries([line * 0.8], [line[None]]).ods
        1.0
    """
    _check_settings(thresholds, tolerance, processes)
    _check_maps(strengths, annotations)
    levels = np.linspace(1 / (thresholds + 1), 1 - 1 / (thresholds + 1), thresholds)
    count = partial(count_matches, thresholds=levels, tolerance=tolerance)
    if processes == 1:
        return summarize(list(map(count, strengths, annotations)), levels)
    with worker_pool(processes) as pool:
        return summarize(list(pool.map(count, strengths, annotations)), levels)


def _check_settings(thresholds: int, tolerance: float, processes: int) -> None:
    for name, value in (("thresholds", thresholds), ("processes", processes)):
        if value < 1:
            raise ValueRangeError(f"{name} is {value}, expected 1 or more.")
    if not 0 <= tolerance < 1:
        raise ValueRangeError(
            f"tolerance is {tolerance}, expected a fraction of the diagonal, in [0, 1)."
        )


def _check_maps(strengths: Sequence[np.ndarray], annotations: Sequence[np.ndarray]) -> None:
    if not strengths or len(strengths) != len(annotations):
        raise ShapeError(
            f"got {len(strengths)} strength maps and the annotations of {len(annotations)} images, "
            "expected as many of each, and at least one."
        )
    for i, (strength, maps) in enumerate(zip(strengths, annotations, strict=True)):
        if maps.ndim != 3 or not len(maps) or maps.shape[1:] != strength.shape:
            raise ShapeError(
                f"image {i}: annotations have shape {list(maps.shape)}, expected "
                f"[A, {', '.join(map(str, strength.shape))}] with A of at least 1."
            )
        if not ((strength >= 0) & (strength <= 1)).all():
            raise ValueRangeError(
                f"image {i}: strengths run from {strength.min():g} to {strength.max():g}, expected "
                "[0, 1]; scale all images alike."
            )
