"""The scene source `rgbd`: scenes fused from RGB-D recordings."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Float, Float64

from gaussrep.data.sample import Split
from gaussrep.data.scenes.camera_matrices import intrinsics_from_file
from gaussrep.data.scenes.config import RgbdSourceConfig
from gaussrep.data.scenes.frames import FrameRef
from gaussrep.data.scenes.rgbd.depth_unit import find_depth_scale
from gaussrep.data.scenes.rgbd.fusion import read_or_fuse
from gaussrep.data.scenes.scene import PointCloud
from gaussrep.data.scenes.scene_files import read_matrix, read_viewmat
from gaussrep.data.scenes.source import SceneSource
from gaussrep.data.unreadable import LeftOutFrames, UnreadableSceneError
from gaussrep.errors import DataError

INTRINSICS = "camera-intrinsics.txt"
WANTED = f"{INTRINSICS} and frames/frame-000000.{{color.jpg,depth.png,pose.txt}}"


def find_recordings(root: Path) -> dict[str, Path]:
    """Find the recordings in a folder.

    Args:
        root: Folder of one recording, or of several.

    Returns:
        Folders of the recordings by name, sorted.

    Raises:
        DataError: If there is none.
    """
    if (root / "frames").is_dir():
        return {root.resolve().name: root}
    found = sorted(folder.parent for folder in root.glob("*/frames") if folder.is_dir())
    if not found:
        raise DataError(f"{root}: there is no recording here; expected folders that hold {WANTED}.")
    return {folder.name: folder for folder in found}


def list_frames(folder: Path) -> tuple[FrameRef, ...]:
    """List the frames of a recording with usable poses, in the order of time.

    Frames whose pose is missing, damaged or not finite are left out with one warning.

    Args:
        folder: Holds `camera-intrinsics.txt` and `frames`.

    Returns:
        At least one frame, in the coordinates of the poses.

    Raises:
        UnreadableSceneError: If there is none, or the intrinsics cannot be read.
    """
    K = _read_intrinsics(folder / INTRINSICS)
    stems = {
        path.name.removesuffix(suffix)
        for suffix in (".pose.txt", ".depth.png")
        for path in (folder / "frames").glob(f"[!.]*{suffix}")
    }
    left_out = LeftOutFrames(folder / "frames")
    refs = []
    for stem in sorted(stems):
        number = re.search(r"\d+$", stem)
        if number is None:
            continue
        try:
            viewmat = read_viewmat(folder / "frames" / f"{stem}.pose.txt")
        except UnreadableSceneError as error:
            left_out.add(stem, error)
            continue
        color = _color_file(folder / "frames" / stem)
        depth = color.with_name(f"{stem}.depth.png")
        refs.append(FrameRef(int(number[0]), color, depth, viewmat, K))
    if not refs:
        raise UnreadableSceneError(
            f"{folder / 'frames'}: there is no frame with a finite pose here."
        )
    left_out.warn(len(refs) + left_out.count)
    return tuple(refs)


def _read_intrinsics(path: Path) -> Float64[np.ndarray, "3 3"]:
    return intrinsics_from_file(read_matrix(path), path)


def _color_file(stem: Path) -> Path:
    png = stem.with_name(f"{stem.name}.color.png")
    return png if png.is_file() else stem.with_name(f"{stem.name}.color.jpg")


def gravity_align(
    refs: Sequence[FrameRef], up: tuple[float, float, float] | None
) -> Float64[np.ndarray, "4 4"]:
    """Compute the smallest rotation that makes z the up axis.

    Args:
        refs: Frames of the recording.
        up: Up direction in the coordinates of the poses; None takes the mean of the cameras'
            up axes, since people hold cameras roughly upright.

    Returns:
        Rotation of the recording's coordinates, as a 4 x 4 matrix.

    Raises:
        UnreadableSceneError: If the cameras' up axes cancel out.
    """
    axis = np.array(up) if up is not None else np.mean([-ref.viewmat[1, :3] for ref in refs], 0)
    length = np.linalg.norm(axis)
    if not length > 1e-6:
        raise UnreadableSceneError(
            f"{refs[0].color.parent}: the cameras' upward axes cancel out; set the up direction "
            "with data.up."
        )
    matrix = np.eye(4)
    matrix[:3, :3] = _shortest_turn(axis / length)
    return matrix


def _shortest_turn(axis: Float[np.ndarray, "3"]) -> Float64[np.ndarray, "3 3"]:
    """Compute the rotation that takes a unit vector to z, by Rodrigues' formula."""
    if axis[2] < -1 + 1e-9:
        return np.diag([1.0, -1.0, -1.0])
    x, y, z = axis
    cross = np.array([[0, 0, -x], [0, 0, -y], [x, y, 0]])
    return np.eye(3) + cross + cross @ cross / (1 + z)


class RgbdSource(SceneSource):
    """RGB-D recordings, each fused once to a cloud without labels.

    Both splits have the same rooms and the same clouds, but different views.

    Args:
        config: Folder of the recordings, and how they are fused.
        split: `train` views are fused, `val` views are held out.

    Raises:
        DataError: If there is no recording.
    """

    def __init__(self, config: RgbdSourceConfig, split: Split) -> None:
        self._folders = find_recordings(config.root)
        super().__init__(tuple(self._folders), (), config.root)
        self._config = config
        self._split: Split = split

    def cloud(self, name: str) -> PointCloud:
        """Read the fused points of a room; the first call fuses them, which takes a while.

        Args:
            name: One of `names`.

        Returns:
            At least one point.

        Raises:
            UnreadableFileError: If a file is missing or damaged, or holds no point.
        """
        return read_or_fuse(self._folders[name], self._views(name, "train"), self._config)

    def frames(self, name: str) -> tuple[FrameRef, ...]:
        """List the frames of the split, rotated so that z is up.

        Args:
            name: One of `names`.

        Returns:
            At least one frame; none of them is read yet.

        Raises:
            UnreadableFileError: If there is none, or a file that lists them is missing or damaged.
        """
        return self._views(name, self._split)

    def _views(self, name: str, split: Split) -> tuple[FrameRef, ...]:
        every = list_frames(self._folders[name])
        apart = self._config.hold_out_every
        parts: dict[Split, list[FrameRef]] = {"train": [], "val": []}
        for place, ref in enumerate(every):
            parts["val" if place % apart == apart - 1 else "train"].append(ref)
        if not parts[split]:
            raise UnreadableSceneError(
                f"{self._folders[name]}: this recording of {len(every)} frames leaves none for the "
                f"split {split}; lower data.hold_out_every, which is {apart}."
            )
        back = np.linalg.inv(gravity_align(parts["train"], self._config.up))
        focal = self._config.color_focal
        scale = self._config.depth_scale or find_depth_scale(self._folders[name])
        return tuple(
            replace(ref, viewmat=ref.viewmat @ back, color_focal=focal, depth_scale=scale)
            for ref in parts[split]
        )
