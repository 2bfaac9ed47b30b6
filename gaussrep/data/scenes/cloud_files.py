"""Reading a scene's points from a folder of arrays, as ScanNet and S3DIS are passed on."""

from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32, Int64

from gaussrep.data.scenes.array_file import read_array
from gaussrep.data.scenes.point_cloud import IGNORED, PointCloud
from gaussrep.data.scenes.unreadable_scene import UnreadableSceneError


def read_cloud(folder: Path, labels: str, classes: int) -> PointCloud:
    """Read the points of one scene.

    Args:
        folder: Holds `coord.npy`, `color.npy` (0 to 255) and `normal.npy`, and may hold labels and
            `instance.npy`.
        labels: Name of the array of labels, without `.npy`.
        classes: How many classes there are.

    Returns:
        At least one point; labels and instances that the folder lacks are `IGNORED`.

    Raises:
        UnreadableSceneError: If a file is missing or damaged, there is no point, or a label is out
            of range.
    """
    points = _rows(folder / "coord.npy", None)
    if len(points) == 0:
        raise UnreadableSceneError(f"{folder / 'coord.npy'}: this scene has no points.")
    colors = _rows(folder / "color.npy", len(points)) / np.float32(255)
    normals = _rows(folder / "normal.npy", len(points))
    found = _numbers(folder / f"{labels}.npy", len(points), classes)
    instances = _numbers(folder / "instance.npy", len(points), None)
    arrays = (points, colors.clip(0, 1), normals, found, instances)
    return PointCloud(*(torch.from_numpy(array) for array in arrays))


def _rows(path: Path, count: int | None) -> Float32[np.ndarray, "p 3"]:
    array = read_array(path)
    wanted = "P" if count is None else count
    if array.ndim != 2 or array.shape[1] != 3 or count not in (None, len(array)):
        raise UnreadableSceneError(
            f"{path}: this array has the shape {list(array.shape)}, wanted [{wanted}, 3]."
        )
    if not np.isfinite(array).all():
        raise UnreadableSceneError(f"{path}: this array holds values that are NaN or infinite.")
    return array.astype(np.float32)


def _numbers(path: Path, count: int, classes: int | None) -> Int64[np.ndarray, " p"]:
    if not path.exists():
        return np.full(count, IGNORED, np.int64)
    array = read_array(path)
    if array.size != count:
        raise UnreadableSceneError(
            f"{path}: this array holds {array.size} numbers for {count} points."
        )
    numbers = array.reshape(-1).astype(np.int64)
    if classes is not None and not ((numbers >= IGNORED) & (numbers < classes)).all():
        raise UnreadableSceneError(
            f"{path}: labels reach from {numbers.min()} to {numbers.max()}, wanted {IGNORED} "
            f"(none) to {classes - 1}."
        )
    return numbers.clip(IGNORED)
