"""Intrinsic matrices and poses, as files store them."""

import numpy as np
from jaxtyping import Float, Float64

HALF = 0.5
"""Files count whole numbers at pixel centers, as OpenCV does (ScanNet's principal point is 319.5
in 640 pixels); here a pixel's center lies at +0.5."""


def intrinsics_from_file(matrix: Float[np.ndarray, "rows columns"]) -> Float[np.ndarray, "3 3"]:
    """Turn the matrix of a file into ours.

    Args:
        matrix: 3 x 3, or 4 x 4 with the intrinsics in its upper left.
    """
    ours = np.array(matrix[:3, :3], np.float64)
    ours[:2, 2] += HALF
    return ours


def intrinsics_to_file(matrix: Float[np.ndarray, "3 3"]) -> Float[np.ndarray, "4 4"]:
    """Turn our matrix into the 4 x 4 one of ScanNet's files."""
    theirs = np.eye(4)
    theirs[:3, :3] = matrix
    theirs[:2, 2] -= HALF
    return theirs


def resize_intrinsics(
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


def invert_pose(pose: Float[np.ndarray, "rows columns"]) -> Float64[np.ndarray, "4 4"] | None:
    """Turn camera-to-world into world-to-camera, or the other way.

    Args:
        pose: 4 x 4.

    Returns:
        The inverse; None where the pose is not a finite, invertible 4 x 4 matrix, as tracking that
        was lost leaves it.
    """
    if pose.shape != (4, 4) or not np.isfinite(pose).all():
        return None
    try:
        inverse = np.linalg.inv(pose.astype(np.float64))
    except np.linalg.LinAlgError:
        return None
    return inverse if np.isfinite(inverse).all() else None
