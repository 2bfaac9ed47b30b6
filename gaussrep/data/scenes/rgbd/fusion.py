"""Fuse posed RGB-D frames to a point cloud, once per recording."""

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Float32, Float64, Int

from gaussrep.data.scenes.camera_matrices import is_bounded
from gaussrep.data.scenes.config import RgbdSourceConfig
from gaussrep.data.scenes.frames import (
    MILLIMETERS,
    FrameRef,
    RGBDFrame,
    refs_of_one_size,
)
from gaussrep.data.scenes.normals import least_spread
from gaussrep.data.scenes.scene import IGNORED, PointCloud
from gaussrep.data.scenes.scene_files import read_npz
from gaussrep.data.unreadable import LeftOutFrames, UnreadableFileError, UnreadableSceneError
from gaussrep.errors import DataError
from gaussrep.runtime.atomic_files import atomic_write

MAX_CELLS = 2**20
"""Cells along each axis; a voxel's key then fits in 63 bits."""


@dataclass(frozen=True, eq=False)
class Voxels:
    """Mean values of the points in each voxel.

    Args:
        keys: Keys of the voxels, increasing; neighbors along z, y and x differ by 1, `MAX_CELLS`
            and its square.
        points: Mean positions, meters.
        colors: Mean colors in [0, 1].
        view_dirs: Mean direction from the points to the cameras, not normalized.
    """

    keys: Int[np.ndarray, " p"]
    points: Float[np.ndarray, "p 3"]
    colors: Float[np.ndarray, "p 3"]
    view_dirs: Float[np.ndarray, "p 3"]


class VoxelAccumulator:
    """Accumulates points frame by frame in one row per voxel.

    Args:
        voxel: Side of a voxel in meters.
    """

    def __init__(self, voxel: float) -> None:
        self._voxel = voxel
        self._keys = np.empty(0, np.int64)
        self._sums = np.empty((0, 10))

    def add(
        self,
        points: Float[np.ndarray, "n 3"],
        colors: Float[np.ndarray, "n 3"],
        camera_center: Float[np.ndarray, "3"],
    ) -> None:
        """Add the points of a frame.

        Args:
            points: Positions in meters.
            colors: Colors in [0, 1].
            camera_center: Position of the camera, meters.
        """
        cells = np.floor(points / self._voxel).astype(np.int64) + MAX_CELLS // 2
        keys = (cells[:, 0] * MAX_CELLS + cells[:, 1]) * MAX_CELLS + cells[:, 2]
        inside = ((cells >= 0) & (cells < MAX_CELLS)).all(axis=1)
        view_dirs = camera_center - points
        view_dirs /= np.linalg.norm(view_dirs, axis=1, keepdims=True).clip(1e-9)
        rows = np.concatenate([np.ones((len(points), 1)), points, colors, view_dirs], axis=1)
        frame_keys, frame_sums = _sum_by_key(keys[inside], rows[inside])
        self._keys, self._sums = _sum_by_key(
            np.concatenate([self._keys, frame_keys]), np.concatenate([self._sums, frame_sums])
        )

    def result(self, min_points: int) -> Voxels:
        """Compute the mean values.

        Args:
            min_points: Voxels with fewer points are dropped.

        Returns:
            The voxels, in the order of their keys.
        """
        enough = self._sums[:, 0] >= min_points
        sums = self._sums[enough]
        means = sums[:, 1:] / sums[:, :1]
        return Voxels(self._keys[enough], means[:, :3], means[:, 3:6], means[:, 6:])


def _sum_by_key(
    keys: Int[np.ndarray, " n"], rows: Float[np.ndarray, "n c"]
) -> tuple[Int[np.ndarray, " m"], Float[np.ndarray, "m c"]]:
    if len(keys) == 0:
        return keys, rows
    order = np.argsort(keys, kind="stable")
    keys, rows = keys[order], rows[order]
    first = np.flatnonzero(np.diff(keys, prepend=keys[0] - 1))
    return keys[first], np.add.reduceat(rows, first, axis=0)


REACH = 2
"""Design choice: voxels up to two away along each axis make the plane, 5 x 5 x 5 of them."""


def estimate_normals(voxels: Voxels) -> Float64[np.ndarray, "p 3"]:
    """Estimate the normals of voxels as the direction in which their neighbors spread least.

    Args:
        voxels: At least one.

    Returns:
        Unit vectors on the side of the cameras. A voxel without two neighbors off one line, whose
        normal is undetermined, gets the direction to the cameras.
    """
    count = len(voxels.keys)
    total, sums, squares = np.zeros(count), np.zeros((count, 3)), np.zeros((count, 3, 3))
    span = range(-REACH, REACH + 1)
    for dx, dy, dz in product(span, span, span):
        wanted = voxels.keys + (dx * MAX_CELLS + dy) * MAX_CELLS + dz
        place = np.searchsorted(voxels.keys, wanted).clip(max=count - 1)
        found = voxels.keys[place] == wanted
        offset = voxels.points[place[found]] - voxels.points[found]
        total[found] += 1
        sums[found] += offset
        squares[found] += offset[:, :, None] * offset[:, None, :]
    mean = sums / total[:, None]
    spread = squares / total[:, None, None] - mean[:, :, None] * mean[:, None, :]
    return least_spread(spread, voxels.view_dirs)


log = logging.getLogger(__name__)
MIN_PIXELS = 3
"""Design choice: voxels that fewer pixels hit are noise at the edges of objects."""
MAX_DEPTH_STEP = 0.05
"""Design choice: pixels whose depth differs from a neighbor's by more than this fraction are on an
edge, where sensors invent depth between the two surfaces."""


@dataclass(frozen=True, eq=False)
class FusedCloud:
    """A fused cloud.

    Args:
        points: Mean position per voxel, meters.
        colors: Mean color per voxel, in [0, 1].
        normals: Unit vectors on the side from which the point was seen.
    """

    points: Float32[np.ndarray, "p 3"]
    colors: Float32[np.ndarray, "p 3"]
    normals: Float32[np.ndarray, "p 3"]


def fuse(refs: Sequence[FrameRef], voxel: float) -> FusedCloud:
    """Back-project all frames and average the points of each voxel.

    Args:
        refs: Frames to fuse; unreadable ones, and those whose depth is of another size than most,
            which the camera matrix does not fit, are left out with a warning.
        voxel: Side of a voxel in meters.

    Returns:
        One point per voxel with enough pixels.

    Raises:
        UnreadableSceneError: If no frame can be used.
    """
    moments = VoxelAccumulator(voxel)
    folder, left_out, measured = refs[0].color.parent, LeftOutFrames(refs[0].color.parent), 0
    for ref in refs_of_one_size(refs, left_out):
        try:
            view = ref.read()
        except UnreadableFileError as error:
            left_out.add(ref.color.name, error)
            continue
        points, colors = back_project(view)
        measured += len(points)
        camera_center = np.linalg.inv(view.viewmat.astype(np.float64))[:3, 3]
        moments.add(points, colors, camera_center)
    left_out.warn(len(refs))
    voxels = moments.result(MIN_PIXELS)
    if len(voxels.points) == 0 and measured:
        raise UnreadableSceneError(
            f"{folder}: {measured:,} pixels of the {len(refs)} frames to fuse measured depth, but "
            f"no voxel of {voxel:g} m contains {MIN_PIXELS} of them; raise data.voxel."
        )
    if len(voxels.points) == 0:
        raise UnreadableSceneError(
            f"{folder}: none of the {len(refs)} frames to fuse can be used; each is unreadable or "
            "measured no depth."
        )
    normals = estimate_normals(voxels)
    return FusedCloud(
        *(array.astype(np.float32) for array in (voxels.points, voxels.colors, normals))
    )


def back_project(
    frame: RGBDFrame,
) -> tuple[Float[np.ndarray, "n 3"], Float[np.ndarray, "n 3"]]:
    """Back-project the pixels of a frame to world coordinates.

    Args:
        frame: The frame and its camera.

    Returns:
        Positions in world coordinates, meters, and colors in [0, 1], of the pixels with measured
        depth away from depth edges.
    """
    K = frame.intrinsics
    rows, columns = np.nonzero(_valid_pixels(frame.depth))
    z = frame.depth[rows, columns].astype(np.float64)
    x = (columns + 0.5 - K[0, 2]) / K[0, 0] * z
    y = (rows + 0.5 - K[1, 2]) / K[1, 1] * z
    pose = np.linalg.inv(frame.viewmat.astype(np.float64))
    points = np.stack([x, y, z], axis=-1) @ pose[:3, :3].T + pose[:3, 3]
    return points, frame.image[rows, columns] / 255


def _valid_pixels(depth: Float[np.ndarray, "h w"]) -> np.ndarray:
    trusted = depth > 0
    for axis in (0, 1):
        near, far = np.roll(depth, 1, axis), np.roll(depth, -1, axis)
        for other in (near, far):
            trusted &= (other == 0) | (np.abs(other - depth) <= MAX_DEPTH_STEP * depth)
    return trusted


VERSION = 1
"""Version of the fusion; clouds of older versions are fused again."""


def read_or_fuse(folder: Path, refs: Sequence[FrameRef], config: RgbdSourceConfig) -> PointCloud:
    """Read a recording's fused cloud, or fuse it and cache it on the disk.

    Args:
        folder: Folder of the recording.
        refs: Frames to fuse, z up.
        config: Voxel size and cache folder.

    Returns:
        At least one point; no labels.

    Raises:
        UnreadableFileError: If no frame can be used.
        DataError: If the file cannot be written.
    """
    path = _cache_path(folder, refs, config)
    fused = _read(path)
    if fused is None:
        log.info("%s: fusing %d frames, once", folder, len(refs))
        fused = fuse(refs, config.voxel)
        _write(fused, path)
    none = torch.full((len(fused.points),), IGNORED, dtype=torch.int64)
    arrays = (fused.points, fused.colors, fused.normals)
    points, colors, normals = (torch.from_numpy(array) for array in arrays)
    return PointCloud(points, colors, normals, none, none.clone())


def _cache_path(folder: Path, refs: Sequence[FrameRef], config: RgbdSourceConfig) -> Path:
    """Return the file of a cloud; its name is a hash of everything except the pixels."""
    frames = [(ref.color.name, _size(ref.depth), np.round(ref.viewmat, 6).tolist()) for ref in refs]
    facts = [VERSION, config.voxel, config.color_focal, refs[0].intrinsics.tolist(), frames]
    if refs[0].depth_scale != MILLIMETERS:
        facts.append(refs[0].depth_scale)
    digest = hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]
    if config.cache is None:
        return folder / f"fused-{digest}.npz"
    return config.cache / f"{folder.resolve().name}-{digest}.npz"


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _read(path: Path) -> FusedCloud | None:
    try:
        arrays = read_npz(path)
        found = [arrays[name] for name in ("points", "colors", "normals")]
        if not all(_is_cloud(array, len(found[0])) for array in found):
            raise ValueError("it holds something else than finite points")
        return FusedCloud(*found)
    except FileNotFoundError:
        return None
    except Exception as error:  # whatever is wrong with it, it can be made again
        log.warning("%s: cannot be read (%s) and is made again.", path, error)
        return None


def _is_cloud(array: object, count: int) -> bool:
    """Whether an array has one valid vector per point."""
    return (
        isinstance(array, np.ndarray)
        and array.dtype == np.float32
        and array.shape == (count, 3)
        and count > 0
        and is_bounded(array)
    )


def _write(fused: FusedCloud, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as temporary, temporary.open("wb") as file:
            np.savez(file, points=fused.points, colors=fused.colors, normals=fused.normals)
    except OSError as error:
        raise DataError(
            f"{path}: cannot be written: {error.strerror or error}; name another folder for fused "
            "clouds with data.cache."
        ) from error
