"""Intrinsic matrices and poses, as files store them."""

from pathlib import Path

import numpy as np
from jaxtyping import Float, Float64

from gaussrep.data.unreadable import UnreadableSceneError

HALF = 0.5
"""Offset of pixel centers. Files have pixel centers at whole numbers, as OpenCV does (ScanNet's
principal point is 319.5 in 640 pixels); in gaussrep they are at +0.5."""


LARGEST = 1e12
"""Largest number of a pose or a position; products of larger ones exceed float32."""


def intrinsics_from_file(
    matrix: Float[np.ndarray, "rows columns"], path: Path
) -> Float[np.ndarray, "3 3"]:
    """Convert a camera matrix from a file to pixel centers at +0.5.

    Args:
        matrix: 3 x 3, or 4 x 4 with the intrinsics in its upper left.
        path: The file, for messages.

    Returns:
        The camera matrix, float64.

    Raises:
        UnreadableSceneError: It is not finite, or a focal length is not above 0.
    """
    if not is_bounded(matrix, float(np.finfo(np.float32).max)):
        raise UnreadableSceneError(f"{path}: the camera matrix is not finite.")
    if not (matrix[0, 0] > 0 and matrix[1, 1] > 0):
        raise UnreadableSceneError(
            f"{path}: the camera matrix has the focal lengths {matrix[0, 0]:g} and "
            f"{matrix[1, 1]:g}, expected more than 0."
        )
    K = np.array(matrix[:3, :3], np.float64)
    K[:2, 2] += HALF
    return K


def intrinsics_to_file(matrix: Float[np.ndarray, "3 3"]) -> Float[np.ndarray, "4 4"]:
    """Convert a camera matrix to the 4 x 4 form of ScanNet's files.

    Args:
        matrix: Camera matrix; pixel centers are at +0.5.

    Returns:
        The matrix with pixel centers at whole numbers, float64.
    """
    stored = np.eye(4)
    stored[:3, :3] = matrix
    stored[:2, 2] -= HALF
    return stored


def resize_intrinsics(
    matrix: Float[np.ndarray, "3 3"], size: tuple[int, int], wanted: tuple[int, int]
) -> Float[np.ndarray, "3 3"]:
    """Scale a camera matrix to another image size.

    Args:
        matrix: Camera matrix; pixel centers are at +0.5.
        size: Height and width before, in pixels.
        wanted: Height and width after, in pixels.

    Returns:
        The camera matrix for the new size.
    """
    rows, columns = (after / before for after, before in zip(wanted, size, strict=True))
    return np.diag([columns, rows, 1.0]) @ matrix


def invert_pose(pose: Float[np.ndarray, "rows columns"]) -> Float64[np.ndarray, "4 4"] | None:
    """Invert a pose: camera-to-world becomes world-to-camera, or the reverse.

    Args:
        pose: 4 x 4 matrix.

    Returns:
        The inverse; None if the pose is not a finite, invertible 4 x 4 matrix, as after lost
        tracking, or its inverse in float32 is none, or either holds numbers above `LARGEST`.
    """
    if pose.shape != (4, 4) or not is_bounded(pose):
        return None
    try:
        inverse = np.linalg.inv(pose.astype(np.float64))
        if not is_bounded(inverse):
            return None
        back = np.linalg.inv(inverse.astype(np.float32).astype(np.float64))
    except np.linalg.LinAlgError:
        return None
    return inverse if is_bounded(back) else None


def is_bounded(numbers: Float[np.ndarray, "rows columns"], largest: float = LARGEST) -> bool:
    """Check that all numbers are finite and within a limit.

    Args:
        numbers: Any numbers.
        largest: The largest absolute value.

    Returns:
        Whether all are finite and within it.
    """
    return bool((np.abs(numbers) <= largest).all())
