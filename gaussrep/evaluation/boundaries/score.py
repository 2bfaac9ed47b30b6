"""The benchmark: soft boundary maps against annotators."""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import numpy as np
from jaxtyping import Bool, Float

from gaussrep.errors import ShapeError, ValueRangeError
from gaussrep.evaluation.boundaries.counts import count_matches
from gaussrep.evaluation.boundaries.scores import BoundaryScores, summarize

THRESHOLDS = 99
"""How many by default: the original's number."""
TOLERANCE = 0.0075
"""Of the image's diagonal: the original's; 4.3 pixels at 481x321."""


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
        thresholds: How many, evenly spaced between 0 and 1, both excluded.
        tolerance: Largest distance of a match, as a part of the image's diagonal.
        processes: Images scored at once, each in a process; 1 starts none. As these are spawned, a
            script that asks for more guards its main part by `if __name__ == "__main__":`.

    Returns:
        The scores.

    Raises:
        ShapeError: There are no images, or maps and annotations do not belong together.
        ValueRangeError: A strength is outside [0, 1] or NaN, or a setting is out of range.

    Example:
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
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        return summarize(list(pool.map(count, strengths, annotations)), levels)


def _check_settings(thresholds: int, tolerance: float, processes: int) -> None:
    for name, value in (("thresholds", thresholds), ("processes", processes)):
        if value < 1:
            raise ValueRangeError(f"{name} is {value}, wanted 1 or more.")
    if not 0 <= tolerance < 1:
        raise ValueRangeError(f"tolerance is {tolerance}, wanted a part of the diagonal in [0, 1).")


def _check_maps(strengths: Sequence[np.ndarray], annotations: Sequence[np.ndarray]) -> None:
    if not strengths or len(strengths) != len(annotations):
        raise ShapeError(
            f"got {len(strengths)} strength maps and the annotations of {len(annotations)} images, "
            "wanted as many of each, and at least one."
        )
    for i, (strength, maps) in enumerate(zip(strengths, annotations, strict=True)):
        if maps.ndim != 3 or not len(maps) or maps.shape[1:] != strength.shape:
            raise ShapeError(
                f"image {i}: annotations have shape {list(maps.shape)}, wanted "
                f"[A, {', '.join(map(str, strength.shape))}] with A of at least 1."
            )
        if not ((strength >= 0) & (strength <= 1)).all():
            raise ValueRangeError(
                f"image {i}: strengths run from {strength.min():g} to {strength.max():g}, wanted "
                "[0, 1]; scale all images alike."
            )
