"""Fused clouds on the disk, so that a recording is fused once."""

import hashlib
import json
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from gaussrep.data.scenes.config import RgbdConfig
from gaussrep.data.scenes.point_cloud import IGNORED, PointCloud
from gaussrep.data.scenes.rgbd.fuse import Fused, fuse
from gaussrep.data.scenes.shot import Shot
from gaussrep.errors import DataError
from gaussrep.replacing import replacing

log = logging.getLogger(__name__)
VERSION = 1
"""Counts changes of the fusion, so that clouds of older ones are made anew."""


def read_or_fuse(folder: Path, shots: Sequence[Shot], config: RgbdConfig) -> PointCloud:
    """Read a recording's cloud, or make it and keep it.

    Args:
        folder: Folder of the recording.
        shots: The frames to fuse, z up.
        config: Voxels and where clouds are kept.

    Returns:
        At least one point; no labels.

    Raises:
        UnreadableFileError: If no frame can be used.
        DataError: If the file cannot be written.
    """
    path = _place(folder, shots, config)
    fused = _read(path)
    if fused is None:
        log.info("%s: fusing %d frames, once", folder, len(shots))
        fused = fuse(shots, config.voxel)
        _write(fused, path)
    none = torch.full((len(fused.points),), IGNORED, dtype=torch.int64)
    arrays = (fused.points, fused.colors, fused.normals)
    points, colors, normals = (torch.from_numpy(array) for array in arrays)
    return PointCloud(points, colors, normals, none, none.clone())


def _place(folder: Path, shots: Sequence[Shot], config: RgbdConfig) -> Path:
    """A name that changes with everything the cloud depends on but the pixels themselves."""
    frames = [
        (shot.color.name, _size(shot.depth), np.round(shot.viewmat, 6).tolist()) for shot in shots
    ]
    facts = [VERSION, config.voxel, config.color_focal, shots[0].intrinsics.tolist(), frames]
    digest = hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]
    if config.cache is None:
        return folder / f"fused-{digest}.npz"
    return config.cache / f"{folder.resolve().name}-{digest}.npz"


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _read(path: Path) -> Fused | None:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return Fused(arrays["points"], arrays["colors"], arrays["normals"])
    except FileNotFoundError:
        return None
    except Exception as error:  # whatever is wrong with it, it can be made anew
        log.warning("%s: cannot be read (%s) and is made anew.", path, error)
        return None


def _write(fused: Fused, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez(file, points=fused.points, colors=fused.colors, normals=fused.normals)
    except OSError as error:
        raise DataError(
            f"{path}: cannot be written: {error.strerror or error}; name another folder for fused "
            "clouds with data.cache."
        ) from error
