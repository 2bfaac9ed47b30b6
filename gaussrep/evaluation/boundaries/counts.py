"""One image of the benchmark: how many pixels match at each threshold."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from gaussrep.evaluation.boundaries.matching import match
from gaussrep.evaluation.boundaries.pairs import pairs_within
from gaussrep.evaluation.boundaries.skeleton import skeleton


@dataclass(frozen=True, slots=True)
class Counts:
    """Pixels at each threshold.

    Attributes:
        right: Detected pixels that match those of any annotator [T].
        detected: Detected pixels [T].
        found: Annotated pixels that are matched, summed over annotators [T].
        annotated: Annotated pixels, summed over annotators [T].
    """

    right: Int[np.ndarray, " t"]
    detected: Int[np.ndarray, " t"]
    found: Int[np.ndarray, " t"]
    annotated: Int[np.ndarray, " t"]


def count_matches(
    strength: Float[np.ndarray, "h w"],
    annotations: Bool[np.ndarray, "a h w"],
    *,
    thresholds: Float[np.ndarray, " t"],
    tolerance: float,
) -> Counts:
    """Count the pixels of one image.

    Args:
        strength: Soft boundary map in [0, 1].
        annotations: One map per annotator; not thinned, as in the original.
        thresholds: Ascending; a pixel is detected where its strength reaches one.
        tolerance: Largest distance of a match, as a part of the image's diagonal.

    Returns:
        The counts.
    """
    candidates = strength >= thresholds[0]
    radius = tolerance * float(np.hypot(*strength.shape))
    pairs = [pairs_within(candidates, annotation, radius) for annotation in annotations]
    table = np.zeros((len(thresholds), 3), dtype=np.int64)
    before = -1
    for row, threshold in enumerate(thresholds):
        binary = strength >= threshold
        reaching = int(binary.sum())
        if reaching == before:
            table[row] = table[row - 1]
        elif reaching:
            active = skeleton(binary)[candidates]
            matches = np.stack([match(each, active) for each in pairs])
            table[row] = matches.any(axis=0).sum(), active.sum(), matches.sum()
        before = reaching
    right, detected, found = table.T
    return Counts(right, detected, found, np.full_like(found, annotations.sum()))
