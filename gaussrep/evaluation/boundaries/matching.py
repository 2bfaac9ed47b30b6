"""One-to-one matching of detected to annotated pixels, as many as can be.

First every pair is taken whose pixels are both still free, nearest pairs first; then augmenting
paths are searched breadth first until there are none. A path never frees a detected pixel, so the
nearest ones stay matched. A search that fails leaves its marks: no later path can pass there
(Hungarian trees), which keeps the work of all failed searches linear in the pairs.
"""

import numpy as np
from jaxtyping import Bool

from gaussrep.evaluation.boundaries.pairs import PixelPairs
from gaussrep.kernels import kernel


def match(pairs: PixelPairs, active: Bool[np.ndarray, " d"]) -> Bool[np.ndarray, " d"]:
    """Match the most detected pixels, each to an annotated pixel of its own.

    Args:
        pairs: What may be matched.
        active: Which of the detected pixels take part.

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
        ours, theirs = detected[pair], annotated[pair]
        if active[ours] and partner_of[ours] < 0 and matched_by[theirs] < 0:
            partner_of[ours] = theirs
            matched_by[theirs] = ours


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
    """How many annotated pixels were reached; the last one is free, or all is marked: -1."""
    queue[0] = root
    head, tail, count = 0, 1, 0
    while head < tail:
        ours = queue[head]
        head += 1
        for edge in range(starts[ours], starts[ours + 1]):
            theirs = partners[edge]
            if reached_from[theirs] >= 0:
                continue
            reached_from[theirs] = ours
            reached[count] = theirs
            count += 1
            if matched_by[theirs] < 0:
                return count
            queue[tail] = matched_by[theirs]
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
        theirs = reached[count - 1]
        while theirs >= 0:
            ours = reached_from[theirs]
            before = partner_of[ours]
            partner_of[ours] = theirs
            matched_by[theirs] = ours
            theirs = before
        for mark in range(count):
            reached_from[reached[mark]] = -1
