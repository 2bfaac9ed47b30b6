"""One-to-one matching of detected to annotated boundary pixels, of maximum size.

First every pair is taken whose pixels are both still free, nearest pairs first; then augmenting
paths are searched breadth first until there are none. A path never frees a detected pixel, so the
nearest ones stay matched. A search that fails leaves its marks: no later path can pass there
(Hungarian trees), which keeps the work of all failed searches linear in the pairs.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from gaussrep.kernels import kernel
from gaussrep_gmae.boundaries.thinning import skeleton


@dataclass(frozen=True, slots=True)
class PixelPairs:
    """Pairs of a detected and an annotated pixel that lie close enough together.

    Pixels are numbered in raster order among those that are set in their map.

    Attributes:
        detected: Detected pixel of each pair, pairs ordered by distance [P].
        annotated: Annotated pixel of each pair [P].
        starts: Offset of each detected pixel's pairs in `partners` [D + 1].
        partners: Annotated pixels by detected pixel, nearest first [P].
        annotations: Number of annotated pixels.
    """

    detected: Int[np.ndarray, " p"]
    annotated: Int[np.ndarray, " p"]
    starts: Int[np.ndarray, " d1"]
    partners: Int[np.ndarray, " p"]
    annotations: int


def pairs_within(
    detected: Bool[np.ndarray, "h w"], annotated: Bool[np.ndarray, "h w"], radius: float
) -> PixelPairs:
    """Find all pairs of pixels at most a radius apart.

    Args:
        detected: Map of detected pixels.
        annotated: Map of annotated pixels.
        radius: Largest distance between centers that counts, in pixels.

    Returns:
        The pairs, in an order that depends on nothing but the maps.
    """
    from scipy.spatial import KDTree

    first, second = np.argwhere(detected), np.argwhere(annotated)
    found = KDTree(first).sparse_distance_matrix(KDTree(second), radius, output_type="ndarray")
    found = found[np.lexsort((found["j"], found["i"], found["v"]))]
    by_pixel = np.argsort(found["i"], kind="stable")
    starts = np.searchsorted(found["i"][by_pixel], np.arange(len(first) + 1))
    return PixelPairs(
        detected=found["i"].astype(np.int64),
        annotated=found["j"].astype(np.int64),
        starts=starts.astype(np.int64),
        partners=found["j"][by_pixel].astype(np.int64),
        annotations=len(second),
    )


def match(pairs: PixelPairs, active: Bool[np.ndarray, " d"]) -> Bool[np.ndarray, " d"]:
    """Compute a maximum one-to-one matching of detected and annotated pixels.

    Args:
        pairs: Pairs of pixels that may be matched.
        active: Mask of the detected pixels that take part.

    Returns:
        Which of the detected pixels are matched; as many annotated ones are.
    """
    partner_of = np.full(len(active), -1, dtype=np.int64)
    matched_by = np.full(pairs.annotations, -1, dtype=np.int64)
    _take_nearest(pairs.detected, pairs.annotated, active, partner_of, matched_by)
    _augment(pairs.detected, pairs.starts, pairs.partners, active, partner_of, matched_by)
    return partner_of >= 0


@kernel
def _take_nearest(
    detected: np.ndarray,
    annotated: np.ndarray,
    active: np.ndarray,
    partner_of: np.ndarray,
    matched_by: np.ndarray,
) -> None:
    for pair in range(len(detected)):
        pixel, partner = detected[pair], annotated[pair]
        if active[pixel] and partner_of[pixel] < 0 and matched_by[partner] < 0:
            partner_of[pixel] = partner
            matched_by[partner] = pixel


@kernel
def _search(
    root: int,
    starts: np.ndarray,
    partners: np.ndarray,
    matched_by: np.ndarray,
    reached_from: np.ndarray,
    reached: np.ndarray,
    queue: np.ndarray,
) -> int:
    """Search breadth first for an augmenting path; return the number of annotated pixels reached.

    The last of them is free; -1 if there is no path.
    """
    queue[0] = root
    head, tail, count = 0, 1, 0
    while head < tail:
        pixel = queue[head]
        head += 1
        for edge in range(starts[pixel], starts[pixel + 1]):
            partner = partners[edge]
            if reached_from[partner] >= 0:
                continue
            reached_from[partner] = pixel
            reached[count] = partner
            count += 1
            if matched_by[partner] < 0:
                return count
            queue[tail] = matched_by[partner]
            tail += 1
    return -1


@kernel
def _augment(
    roots: np.ndarray,
    starts: np.ndarray,
    partners: np.ndarray,
    active: np.ndarray,
    partner_of: np.ndarray,
    matched_by: np.ndarray,
) -> None:
    reached_from = np.full(len(matched_by), -1, dtype=np.int64)
    reached = np.empty(len(matched_by), dtype=np.int64)
    queue = np.empty(len(matched_by) + 1, dtype=np.int64)
    for root in roots:
        if not active[root] or partner_of[root] >= 0:
            continue
        count = _search(root, starts, partners, matched_by, reached_from, reached, queue)
        if count < 0:
            continue
        partner = reached[count - 1]
        while partner >= 0:
            pixel = reached_from[partner]
            before = partner_of[pixel]
            partner_of[pixel] = partner
            matched_by[partner] = pixel
            partner = before
        for mark in range(count):
            reached_from[reached[mark]] = -1


@dataclass(frozen=True, slots=True)
class Counts:
    """Pixels at each threshold.

    Attributes:
        true_positives: Detected pixels that match those of any annotator [T].
        detected: Detected pixels [T].
        matched_annotated: Annotated pixels that are matched, summed over annotators [T].
        annotated: Annotated pixels, summed over annotators [T].
    """

    true_positives: Int[np.ndarray, " t"]
    detected: Int[np.ndarray, " t"]
    matched_annotated: Int[np.ndarray, " t"]
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
        tolerance: Largest distance of a match, as a fraction of the image's diagonal.

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
    true_positives, detected, matched = table.T
    return Counts(true_positives, detected, matched, np.full_like(matched, annotations.sum()))
