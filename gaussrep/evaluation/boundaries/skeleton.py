"""Binary maps, thinned to lines one pixel wide."""

import numpy as np
from jaxtyping import Bool

from gaussrep.kernels import kernel

Neighbors = Bool[np.ndarray, "256"]


def skeleton(binary: Bool[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
    """Thin until nothing changes: `thin` of `skimage.morphology` and of MATLAB's `bwmorph`.

    Lam, Lee, Suen, "Thinning methodologies: a comprehensive survey", PAMI 1992, p. 879. Visits set
    pixels only, which for the sparse maps of a sweep is many times faster than scikit-image.

    Args:
        binary: Any map.

    Returns:
        The lines that are left.
    """
    framed = np.pad(binary, 1)
    flat = framed.ravel()
    _thin(flat, np.flatnonzero(flat), np.array(_offsets(framed.shape[1])), *_RULES)
    return framed[1:-1, 1:-1].copy()


@kernel
def _thin(
    flat: np.ndarray,
    pixels: np.ndarray,
    offsets: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
) -> None:
    left, before = len(pixels), -1
    doomed = np.empty(left, dtype=np.bool_)
    while left != before:
        before = left
        for rule in (first, second):
            for i in range(left):
                code = 0
                for k in range(8):
                    code |= flat[pixels[i] + offsets[k]] << k
                doomed[i] = rule[code]
            kept = 0
            for i in range(left):
                flat[pixels[i]] = not doomed[i]
                pixels[kept] = pixels[i]
                kept += not doomed[i]
            left = kept


def _offsets(width: int) -> list[int]:
    """Steps to the neighbors, counter-clockwise from the right: bits 0 to 7 of a code."""
    return [1, 1 - width, -width, -1 - width, -1, width - 1, width, width + 1]


def _rules() -> tuple[Neighbors, Neighbors]:
    """Which neighborhoods lose their center, in the first and in the second half of a pass."""
    x1, x2, x3, x4, x5, x6, x7, x8 = ((np.arange(256) >> k & 1).astype(bool) for k in range(8))
    ring = [x1, x2, x3, x4, x5, x6, x7, x8, x1]
    crossings = sum((~ring[k] & (ring[k + 1] | ring[k + 2])).astype(int) for k in (0, 2, 4, 6))
    odd = sum((ring[k] | ring[k + 1]).astype(int) for k in (0, 2, 4, 6))
    even = sum((ring[k + 1] | ring[k + 2]).astype(int) for k in (0, 2, 4, 6))
    width = np.minimum(odd, even)
    removable = (crossings == 1) & (width >= 2) & (width <= 3)
    return removable & ~((x2 | x3 | ~x8) & x1), removable & ~((x6 | x7 | ~x4) & x5)


_RULES = _rules()
