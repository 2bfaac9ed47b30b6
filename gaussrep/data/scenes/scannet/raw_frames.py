"""Files and RGB-D frames of raw ScanNet scenes."""

import io
import struct
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from jaxtyping import Float32, Float64
from PIL import Image

from gaussrep.data.image_files import DECODING_ERRORS, opened_image
from gaussrep.data.scenes.camera_matrices import intrinsics_from_file, invert_pose
from gaussrep.data.scenes.frames import FrameRef, RGBDFrame
from gaussrep.data.scenes.scannet.exported_files import (
    depth_file,
    find_color_files,
    read_viewmats,
)
from gaussrep.data.scenes.scene_files import read_matrix
from gaussrep.data.unreadable import LeftOutFrames, UnreadableSceneError
from gaussrep.errors import DataError


class RawFrames(ABC):
    """Frames that are read one at a time.

    Args:
        intrinsics: Camera matrix of the depth; pixel centers are at +0.5.
        viewmats: World-to-camera matrices of the frames with finite poses, by number, in the order
            of time.
    """

    def __init__(
        self,
        intrinsics: Float64[np.ndarray, "3 3"],
        viewmats: Mapping[int, Float64[np.ndarray, "4 4"]],
    ) -> None:
        self.intrinsics = intrinsics
        self.viewmats = viewmats

    @abstractmethod
    def read(self, number: int) -> RGBDFrame:
        """Read a frame.

        Args:
            number: One of `viewmats`.

        Returns:
            The frame; its color image has the size of the depth.

        Raises:
            UnreadableFileError: If it is damaged.
        """


class ExportedFrames(RawFrames):
    """The folders `color`, `depth`, `pose` and `intrinsic` as ScanNet's own reader writes them.

    Args:
        folder: Holds the four folders.

    Raises:
        UnreadableSceneError: If the intrinsics cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self._colors = find_color_files(folder / "color")
        left_out = LeftOutFrames(folder)
        viewmats = read_viewmats(folder / "pose", self._colors, left_out)
        left_out.warn(len(self._colors))
        file = folder / "intrinsic" / "intrinsic_depth.txt"
        super().__init__(intrinsics_from_file(read_matrix(file), file), viewmats)

    def read(self, number: int) -> RGBDFrame:
        """Read a frame, and resize its color image to the size of the depth.

        Args:
            number: One of `viewmats`.

        Returns:
            The frame.

        Raises:
            UnreadableFileError: If it is damaged.
        """
        color = self._colors[number]
        viewmat = self.viewmats[number]
        return FrameRef(number, color, depth_file(color), viewmat, self.intrinsics).read()


VERSION = 4
JPEG, ZLIB = 2, 1
"""Numbers of the only compressions that ScanNet uses: of color images, of depths."""
LONGEST_NAME = 2**16
MAX_PIXELS = 2**26
"""Limit on the pixels of a depth image, which is 640 x 480 in ScanNet (design choice)."""
HEADER = struct.Struct("<16f16f16f16fiiIIIIfQ")
"""Intrinsics and extrinsics of color and of depth, the two compressions, width and height of
color and of depth, steps of depth in a meter, and the number of frames."""
FRAME = struct.Struct("<16fQQQQ")
"""Camera-to-world matrix, two times, and the bytes of color image and depth that follow."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Byte range of a compressed frame."""

    start: int
    color: int
    depth: int


class SensFile(RawFrames):
    """A recording that stays on the disk; only its frames' headers are read at first.

    Args:
        path: The file.

    Raises:
        UnreadableSceneError: If it is missing, truncated, or of another version or compression.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._places: dict[int, _Place] = {}
        viewmats: dict[int, Float64[np.ndarray, "4 4"]] = {}
        try:
            with path.open("rb") as file:
                matrix = self._read_header(file)
                for number, (pose, place) in enumerate(self._frames(file)):
                    viewmat = invert_pose(pose)
                    if viewmat is not None:
                        viewmats[number], self._places[number] = viewmat, place
        except OSError as error:
            raise UnreadableSceneError(
                f"{path}: cannot be read: {error.strerror or error}."
            ) from error
        super().__init__(intrinsics_from_file(matrix, path), viewmats)

    def read(self, number: int) -> RGBDFrame:
        """Read a frame, and resize its color image to the size of the depth.

        Args:
            number: One of `viewmats`.

        Returns:
            The frame.

        Raises:
            UnreadableFileError: If it is damaged.
        """
        place = self._places[number]
        try:
            with self._path.open("rb") as file:
                file.seek(place.start)
                color, depth = file.read(place.color), file.read(place.depth)
            with opened_image(io.BytesIO(color)) as image:
                resized = image.convert("RGB").resize(self._size, Image.Resampling.BILINEAR)
            steps = np.frombuffer(self._unpack(depth), "<u2").reshape(self._size[::-1])
        except (*DECODING_ERRORS, zlib.error) as error:
            raise UnreadableSceneError(
                f"{self._path}: frame {number} cannot be read ({error})."
            ) from error
        meters = (steps / self._steps_per_meter).astype(np.float32)
        viewmat = self.viewmats[number].astype(np.float32)
        return RGBDFrame(np.asarray(resized), meters, viewmat, self.intrinsics)

    def _unpack(self, depth: bytes) -> bytes:
        """Decompress a depth image, up to one byte beyond its size."""
        width, height = self._size
        return zlib.decompressobj().decompress(depth, 2 * width * height + 1)

    def _read_header(self, file: BinaryIO) -> Float32[np.ndarray, "4 4"]:
        version, length = struct.unpack("<IQ", self._take(file, 12))
        if version != VERSION or length > LONGEST_NAME:
            raise UnreadableSceneError(
                f"{self._path}: expected a .sens file of version {VERSION}, that of ScanNet v2."
            )
        self._take(file, length)
        fields = HEADER.unpack(self._take(file, HEADER.size))
        compressions, depth_size = fields[64:66], fields[68:70]
        self._steps_per_meter, self._count = fields[70:]
        if compressions != (JPEG, ZLIB) or not self._steps_per_meter > 0 or 0 in depth_size:
            raise UnreadableSceneError(
                f"{self._path}: compressions {compressions}, expected {(JPEG, ZLIB)}: JPEG and "
                "zlib, and frames of at least one pixel."
            )
        if depth_size[0] * depth_size[1] > MAX_PIXELS:
            raise UnreadableSceneError(
                f"{self._path}: depths of {depth_size[0]} x {depth_size[1]} pixels, expected at "
                f"most {MAX_PIXELS:,} pixels."
            )
        self._size = depth_size
        return np.array(fields[32:48], np.float32).reshape(4, 4)

    def _frames(self, file: BinaryIO) -> Iterator[tuple[Float32[np.ndarray, "4 4"], _Place]]:
        end = self._path.stat().st_size
        for number in range(self._count):
            fields = FRAME.unpack(self._take(file, FRAME.size))
            place = _Place(file.tell(), *fields[18:])
            behind = place.start + place.color + place.depth
            if behind > end:
                raise UnreadableSceneError(
                    f"{self._path}: this recording is truncated at frame {number} of {self._count}."
                )
            file.seek(behind)
            yield np.array(fields[:16], np.float32).reshape(4, 4), place

    def _take(self, file: BinaryIO, count: int) -> bytes:
        taken = file.read(count)
        if len(taken) < count:
            raise UnreadableSceneError(f"{self._path}: this recording is truncated.")
        return taken


SEGMENTS = ("_vh_clean_2.0.010000.segs.json", ".0.010000.segs.json")
AGGREGATIONS = (".aggregation.json", "_vh_clean.aggregation.json")


def find_raw_scenes(raw: Path) -> list[Path]:
    """Find the folders of all scenes of the raw release.

    Args:
        raw: Holds `scans`, and may hold `scans_test`.

    Returns:
        Folders, sorted.

    Raises:
        DataError: If there is none.
    """
    found = sorted(
        folder
        for inside in ("scans", "scans_test")
        for folder in (raw / inside).glob("scene*")
        if folder.is_dir()
    )
    if not found:
        raise DataError(
            f"{raw}: there is no scene here; expected scans/scene0000_00 and so on, as ScanNet's "
            "download gives them."
        )
    return found


def find_file(folder: Path, endings: tuple[str, ...]) -> Path:
    """Find a file of a scene that has several possible names.

    Args:
        folder: Folder of the scene, named like the scene.
        endings: Possible endings after the scene's name; the first that exists is taken.

    Returns:
        The file.

    Raises:
        UnreadableSceneError: If none exists.
    """
    places = [folder / f"{folder.name}{ending}" for ending in endings]
    for place in places:
        if place.is_file():
            return place
    raise UnreadableSceneError(f"{places[0]}: there is no such file.")


def open_frames(folder: Path) -> RawFrames | None:
    """Open the frames of a scene.

    Args:
        folder: Folder of the scene.

    Returns:
        Exported frames if there are some, else the recording; None if there is neither.

    Raises:
        UnreadableFileError: If they are damaged.
    """
    if (folder / "color").is_dir():
        return ExportedFrames(folder)
    sens = folder / f"{folder.name}.sens"
    return SensFile(sens) if sens.is_file() else None
