"""Reading `.sens` files, ScanNet's recordings, version 4."""

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from jaxtyping import Float32, Float64
from PIL import Image

from gaussrep.data.image_file import DECODING_ERRORS
from gaussrep.data.scenes import intrinsics as pixels
from gaussrep.data.scenes.frame import Frame
from gaussrep.data.scenes.poses import inverted
from gaussrep.data.scenes.scannet.raw.raw_frames import RawFrames
from gaussrep.data.scenes.unreadable_scene import UnreadableSceneError

VERSION = 4
JPEG, ZLIB = 2, 1
"""Numbers of the only compressions that ScanNet uses: of photographs, of depths."""
LONGEST_NAME = 2**16
HEADER = struct.Struct("<16f16f16f16fiiIIIIfQ")
"""Intrinsics and extrinsics of color and of depth, the two compressions, width and height of
color and of depth, steps of depth in a meter, and the number of frames."""
FRAME = struct.Struct("<16fQQQQ")
"""Camera-to-world matrix, two times, and the bytes of photograph and depth that follow."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the compressed bytes of a frame lie."""

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
                    viewmat = inverted(pose)
                    if viewmat is not None:
                        viewmats[number], self._places[number] = viewmat, place
        except OSError as error:
            raise UnreadableSceneError(
                f"{path}: cannot be read: {error.strerror or error}."
            ) from error
        super().__init__(pixels.from_file(matrix), viewmats)

    def read(self, number: int) -> Frame:
        """Read a frame, and bring its photograph to the depth's size."""
        place = self._places[number]
        try:
            with self._path.open("rb") as file:
                file.seek(place.start)
                color, depth = file.read(place.color), file.read(place.depth)
            with Image.open(io.BytesIO(color)) as image:
                photograph = image.convert("RGB").resize(self._size, Image.Resampling.BILINEAR)
            steps = np.frombuffer(zlib.decompress(depth), "<u2").reshape(self._size[::-1])
        except (*DECODING_ERRORS, zlib.error) as error:
            raise UnreadableSceneError(
                f"{self._path}: frame {number} cannot be read ({error})."
            ) from error
        meters = (steps / self._steps_per_meter).astype(np.float32)
        return Frame(np.asarray(photograph), meters, self.viewmats[number].astype(np.float32))

    def _read_header(self, file: BinaryIO) -> Float32[np.ndarray, "4 4"]:
        version, length = struct.unpack("<IQ", self._take(file, 12))
        if version != VERSION or length > LONGEST_NAME:
            raise UnreadableSceneError(
                f"{self._path}: this is no .sens file of version {VERSION}, the one of ScanNet v2."
            )
        self._take(file, length)
        fields = HEADER.unpack(self._take(file, HEADER.size))
        compressions, depth_size = fields[64:66], fields[68:70]
        self._steps_per_meter, self._count = fields[70:]
        if compressions != (JPEG, ZLIB) or not self._steps_per_meter > 0 or 0 in depth_size:
            raise UnreadableSceneError(
                f"{self._path}: compressions {compressions}, wanted {(JPEG, ZLIB)}: JPEG and zlib, "
                "and frames of at least one pixel."
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
