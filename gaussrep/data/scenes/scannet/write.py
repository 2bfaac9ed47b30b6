"""Writing one scene in the ScanNet layout."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from gaussrep.data.scenes.camera_matrices import intrinsics_to_file
from gaussrep.data.scenes.frames import RGBDFrame, write_color_image, write_depth
from gaussrep.data.scenes.scannet.layout import SceneFiles
from gaussrep.data.scenes.scannet.metadata import write_metadata
from gaussrep.data.scenes.scene import PointCloud
from gaussrep.errors import DataError
from gaussrep.runtime.atomic_files import atomic_write, remove_leftovers

INTRINSICS = ("intrinsic_color", "intrinsic_depth")
EXTRINSICS = ("extrinsic_color", "extrinsic_depth")


def write_scene(
    root: Path,
    split: str,
    name: str,
    cloud: PointCloud,
    frames: Sequence[RGBDFrame],
    intrinsics: Float[np.ndarray, "3 3"],
    *,
    labels200: Int[np.ndarray, " p"] | None = None,
    used: Sequence[int] | None = None,
) -> None:
    """Write the points, the frames and the list of frames of one scene.

    The list is written last: a scene with a list is complete.

    Args:
        root: Folder of the data set; created if missing.
        split: `train`, `val` or `test`.
        name: Name of the scene; an existing one is overwritten.
        cloud: Its points; labels are those of `segment20`, colors are rounded to eight bits.
        frames: Its RGB-D frames, all of one size; may be empty.
        intrinsics: Camera matrix of the frames; pixel centers are at +0.5.
        labels200: Labels of ScanNet200; without them no `segment200.npy` is written.
        used: Numbers of the frames to list; by default all.

    Raises:
        DataError: If frames differ in size, or a depth or a label cannot be stored.
    """
    files = SceneFiles(root, split, name)
    _check_sizes(files, frames)
    files.metadata.unlink(missing_ok=True)
    write_cloud(files, cloud, labels200)
    write_intrinsics(files, intrinsics)
    for number, frame in enumerate(frames):
        write_frame(files, number, frame)
    numbers = range(len(frames)) if used is None else used
    poses = {number: frames[number].viewmat for number in numbers}
    write_metadata(files, intrinsics_to_file(intrinsics), poses)


def write_cloud(
    files: SceneFiles, cloud: PointCloud, labels200: Int[np.ndarray, " p"] | None = None
) -> None:
    """Write the points of a scene.

    Args:
        files: Paths of the scene.
        cloud: Its points.
        labels200: Labels of ScanNet200, if known.

    Raises:
        DataError: If a label does not fit sixteen bits.
    """
    for folder in (files.points, *files.frames.glob("*")):
        remove_leftovers(folder)
    files.points.mkdir(parents=True, exist_ok=True)
    files.array("segment200").unlink(missing_ok=True)
    _save(files.array("coord"), cloud.points.numpy().astype(np.float32))
    colors = np.round(cloud.colors.numpy().clip(0, 1) * 255)
    _save(files.array("color"), colors.astype(np.uint8))
    _save(files.array("normal"), cloud.normals.numpy().astype(np.float32))
    _save_labels(files.array("segment20"), cloud.labels.numpy())
    _save_labels(files.array("instance"), cloud.instances.numpy())
    if labels200 is not None:
        _save_labels(files.array("segment200"), labels200)


def write_intrinsics(files: SceneFiles, intrinsics: Float[np.ndarray, "3 3"]) -> None:
    """Write the camera matrices; color and depth share one camera.

    Args:
        files: Paths of the scene.
        intrinsics: Camera matrix; pixel centers are at +0.5.
    """
    for which in (*INTRINSICS, *EXTRINSICS):
        path = files.intrinsic(which)
        path.parent.mkdir(parents=True, exist_ok=True)
        _save_text(path, intrinsics_to_file(intrinsics) if which in INTRINSICS else np.eye(4))


def write_frame(files: SceneFiles, number: int, frame: RGBDFrame) -> None:
    """Write one RGB-D frame and its pose.

    Args:
        files: Paths of the scene.
        number: Its number, from 0.
        frame: The frame.

    Raises:
        DataError: If a depth cannot be stored.
    """
    for path in (files.color(number), files.depth(number), files.pose(number)):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_color_image(frame.image, files.color(number))
    write_depth(frame.depth, files.depth(number))
    _save_text(files.pose(number), np.linalg.inv(frame.viewmat.astype(np.float64)))


def _check_sizes(files: SceneFiles, frames: Sequence[RGBDFrame]) -> None:
    sizes = {frame.depth.shape for frame in frames} | {frame.image.shape[:2] for frame in frames}
    if len(sizes) > 1:
        raise DataError(
            f"{files.frames}: frames are of the sizes {sorted(sizes)}, expected one size for all "
            "color images and depths."
        )


def _save_labels(path: Path, labels: np.ndarray) -> None:
    limits = np.iinfo(np.int16)
    if labels.size and not (limits.min <= labels.min() and labels.max() <= limits.max):
        raise DataError(
            f"{path}: labels reach from {labels.min()} to {labels.max()}, expected sixteen bits: "
            f"{limits.min} to {limits.max}."
        )
    _save(path, labels.astype(np.int16))


def _save(path: Path, array: np.ndarray) -> None:
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        np.save(file, array, allow_pickle=False)


def _save_text(path: Path, matrix: np.ndarray) -> None:
    with atomic_write(path) as temporary:
        np.savetxt(temporary, matrix, fmt="%.9g")
