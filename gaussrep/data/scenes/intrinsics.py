"""Intrinsic matrices: the files' pixel count and ours."""

import numpy as np
from jaxtyping import Float

HALF = 0.5
"""Files count whole numbers at pixel centers, as OpenCV does (ScanNet's principal point is 319.5
in 640 pixels); here a pixel's center lies at +0.5."""


def from_file(matrix: Float[np.ndarray, "rows columns"]) -> Float[np.ndarray, "3 3"]:
    """Turn the matrix of a file into ours.

    Args:
        matrix: 3 x 3, or 4 x 4 with the intrinsics in its upper left.
    """
    ours = np.array(matrix[:3, :3], np.float64)
    ours[:2, 2] += HALF
    return ours


def to_file(matrix: Float[np.ndarray, "3 3"]) -> Float[np.ndarray, "4 4"]:
    """Turn our matrix into the 4 x 4 one of ScanNet's files."""
    theirs = np.eye(4)
    theirs[:3, :3] = matrix
    theirs[:2, 2] -= HALF
    return theirs


def resized(
    matrix: Float[np.ndarray, "3 3"], size: tuple[int, int], wanted: tuple[int, int]
) -> Float[np.ndarray, "3 3"]:
    """Follow a change of the picture's size.

    Args:
        matrix: Ours.
        size: Height and width before.
        wanted: Height and width after.
    """
    rows, columns = (after / before for after, before in zip(wanted, size, strict=True))
    return np.diag([columns, rows, 1.0]) @ matrix
