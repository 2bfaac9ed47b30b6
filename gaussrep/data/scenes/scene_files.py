"""Read the arrays, matrices and folders of scenes."""

import logging
import zipfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32, Float64, Int64

from gaussrep.data.scenes.camera_matrices import invert_pose
from gaussrep.data.scenes.normals import estimate_point_normals
from gaussrep.data.scenes.scene import IGNORED, PointCloud
from gaussrep.data.unreadable import UnreadableSceneError
from gaussrep.errors import DataError
from gaussrep.runtime.plain_files import read_plain_text, require_plain

log = logging.getLogger(__name__)
MAX_UNPACKED = 2**30
"""Largest size of an unpacked archive of arrays in bytes (design choice)."""
MAX_COLOR = 256
"""Upper limit of colors, above which the array holds more than 8 bits per channel."""


def read_array(path: Path) -> np.ndarray:
    """Read one array of numbers; nothing is unpickled.

    Args:
        path: A `.npy` file.

    Returns:
        An array of integers or floats.

    Raises:
        UnreadableSceneError: If the file is missing or damaged, or holds no numbers.
    """
    try:
        require_plain(path)
        array = np.load(path, allow_pickle=False)
    except FileNotFoundError as error:
        raise UnreadableSceneError(f"{path}: there is no such file.") from error
    except Exception as error:  # a damaged header makes NumPy raise almost anything
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise UnreadableSceneError(
            f"{path}: this array cannot be read ({reason}); write the file again."
        ) from error
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "iuf":
        raise UnreadableSceneError(f"{path}: this file holds no array of numbers.")
    return array


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """Read an archive of arrays; nothing is unpickled.

    Args:
        path: A `.npz` file.

    Returns:
        Arrays by name.

    Raises:
        OSError: The file is missing or cannot be read.
        ValueError: It unpacks to more than `MAX_UNPACKED`; NumPy raises further exceptions for
            damaged files.
    """
    require_plain(path)
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > max(MAX_UNPACKED, path.stat().st_size):
        raise ValueError(f"it unpacks to {unpacked:,} bytes")
    with np.load(path, allow_pickle=False) as arrays:
        return dict(arrays)


def read_matrix(path: Path) -> Float64[np.ndarray, "rows columns"]:
    """Read a matrix from a text file.

    Args:
        path: Text of 9 or 16 numbers separated by blanks: a 3 x 3 or 4 x 4 matrix.

    Returns:
        The matrix; its values may be infinite or NaN, as after lost tracking.

    Raises:
        UnreadableSceneError: If the file is missing or holds no such matrix.
    """
    try:
        words = read_plain_text(path).split()
        values = np.array([float(word) for word in words])
    except FileNotFoundError as error:
        raise UnreadableSceneError(f"{path}: there is no such file.") from error
    except (OSError, ValueError) as error:
        raise UnreadableSceneError(f"{path}: this matrix cannot be read ({error}).") from error
    side = {9: 3, 16: 4}.get(len(values))
    if side is None:
        raise UnreadableSceneError(
            f"{path}: this file holds {len(values)} numbers, expected a matrix of 3 x 3 or 4 x 4."
        )
    return values.reshape(side, side)


def read_viewmat(path: Path) -> Float64[np.ndarray, "4 4"]:
    """Read a camera-to-world matrix, and invert it.

    Args:
        path: Text of 16 numbers.

    Returns:
        The world-to-camera matrix.

    Raises:
        UnreadableSceneError: If the file is missing or damaged, or the matrix is not finite or has
            no inverse, as after lost tracking.
    """
    viewmat = invert_pose(read_matrix(path))
    if viewmat is None:
        raise UnreadableSceneError(f"{path}: this pose is not a finite, invertible 4 x 4 matrix.")
    return viewmat


def read_cloud(
    folder: Path, labels: str, classes: int, ignored: Sequence[int] = (IGNORED,)
) -> PointCloud:
    """Read the points of one scene.

    Args:
        folder: Holds `coord.npy` and `color.npy` (0 to 255, or floats in [0, 1]), and may hold
            `normal.npy`, labels and `instance.npy`. Normals that are missing are estimated.
        labels: Name of the array of labels, without `.npy`.
        classes: Number of classes.
        ignored: Labels of points that have none.

    Returns:
        At least one point; labels and instances are `IGNORED` where the folder has none.

    Raises:
        UnreadableSceneError: If a file is missing or damaged, there is no point, or a label is out
            of range.
    """
    points = _rows(folder / "coord.npy", None)
    if len(points) == 0:
        raise UnreadableSceneError(f"{folder / 'coord.npy'}: this scene has no points.")
    colors = _colors(folder / "color.npy", len(points))
    normals = _normals(folder / "normal.npy", points)
    found = _numbers(folder / f"{labels}.npy", len(points), ignored)
    _check_labels(folder / f"{labels}.npy", found, classes)
    instances = _numbers(folder / "instance.npy", len(points), ignored).clip(IGNORED)
    arrays = (points, colors, normals, found, instances)
    return PointCloud(*(torch.from_numpy(array) for array in arrays))


def _colors(path: Path, count: int) -> Float32[np.ndarray, "p 3"]:
    stored = read_array(path)
    colors = _rows(path, count, stored)
    if stored.dtype.kind == "f" and 0 < colors.max() <= 1:
        _log_once(f"{path}: these colors are floats of at most 1, read as those in [0, 1].")
        return colors.clip(0, 1)
    if colors.max() > MAX_COLOR:
        raise UnreadableSceneError(
            f"{path}: colors reach up to {colors.max():g}, expected 0 to 255, or floats in [0, 1]."
        )
    return (colors / np.float32(255)).clip(0, 1)


def _normals(path: Path, points: Float32[np.ndarray, "p 3"]) -> Float32[np.ndarray, "p 3"]:
    if path.exists():
        return _rows(path, len(points))
    _log_once(
        f"{path}: there is no such file, so normals are estimated from the points each time the "
        "scene is read; Pointcept's preprocess_s3dis writes it with --parse_normal."
    )
    return estimate_point_normals(points)


@cache
def _log_once(message: str) -> None:
    log.warning("%s", message)


def _rows(
    path: Path, count: int | None, array: np.ndarray | None = None
) -> Float32[np.ndarray, "p 3"]:
    array = read_array(path) if array is None else array
    wanted = "P" if count is None else count
    if array.ndim != 2 or array.shape[1] != 3 or count not in (None, len(array)):
        raise UnreadableSceneError(
            f"{path}: this array has the shape {list(array.shape)}, expected [{wanted}, 3]."
        )
    if not np.isfinite(array).all():
        raise UnreadableSceneError(f"{path}: this array holds values that are NaN or infinite.")
    return array.astype(np.float32)


def _numbers(path: Path, count: int, ignored: Sequence[int]) -> Int64[np.ndarray, " p"]:
    if not path.exists():
        return np.full(count, IGNORED, np.int64)
    array = read_array(path)
    if array.size != count:
        raise UnreadableSceneError(
            f"{path}: this array holds {array.size} numbers for {count} points."
        )
    if not np.isfinite(array).all():
        raise UnreadableSceneError(f"{path}: this array holds values that are NaN or infinite.")
    numbers = array.reshape(-1).astype(np.int64)
    return np.where(np.isin(numbers, ignored), IGNORED, numbers)


def _check_labels(path: Path, numbers: Int64[np.ndarray, " p"], classes: int) -> None:
    if not ((numbers >= IGNORED) & (numbers < classes)).all():
        raise UnreadableSceneError(
            f"{path}: labels reach from {numbers.min()} to {numbers.max()}, expected {IGNORED} "
            f"(none) to {classes - 1}; set data.ignored_labels if others mean none."
        )


def scene_folders(folder: Path, wanted: str) -> list[str]:
    """List the folders in a folder, except hidden ones.

    Args:
        folder: Folder to list.
        wanted: Expected content, for the error message.

    Returns:
        Names, sorted; at least one.

    Raises:
        DataError: If the folder cannot be read or holds no folder.
    """
    try:
        inside = [entry.name for entry in folder.iterdir() if entry.is_dir()]
    except OSError as error:
        raise DataError(
            f"{folder}: cannot be read: {error.strerror}; expected {wanted}."
        ) from error
    names = sorted(name for name in inside if not name.startswith("."))
    if not names:
        raise DataError(f"{folder}: there is no scene here; expected {wanted}.")
    return names
