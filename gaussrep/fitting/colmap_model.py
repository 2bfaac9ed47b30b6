"""Sparse models of COLMAP: cameras, images and points, in text or binary.

Written from COLMAP's description of its output format. `images` holds the pose of every registered
image, also in models with rigs and frames (3.12 and later), so `rigs` and `frames` are not needed.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from jaxtyping import Float64, Int64, UInt8

from gaussrep.errors import DataError
from gaussrep.runtime.plain_files import require_plain

MODELS = {
    0: ("SIMPLE_PINHOLE", 3), 1: ("PINHOLE", 4), 2: ("SIMPLE_RADIAL", 4), 3: ("RADIAL", 5),
    4: ("OPENCV", 8), 5: ("OPENCV_FISHEYE", 8), 6: ("FULL_OPENCV", 12), 7: ("FOV", 5),
    8: ("SIMPLE_RADIAL_FISHEYE", 4), 9: ("RADIAL_FISHEYE", 5), 10: ("THIN_PRISM_FISHEYE", 12),
    11: ("RAD_TAN_THIN_PRISM_FISHEYE", 16), 12: ("SIMPLE_DIVISION", 4), 13: ("DIVISION", 5),
    14: ("SIMPLE_FISHEYE", 3), 15: ("FISHEYE", 4), 16: ("EUCM", 6), 17: ("EQUIRECTANGULAR", 2),
}  # fmt: skip
"""Names of the camera models and their numbers of parameters, by the numbers of binary files."""


LARGEST = float(np.finfo(np.float32).max)
"""Largest finite number of float32, in which captures are kept."""


@dataclass(frozen=True, slots=True)
class ColmapCamera:
    """A camera.

    Args:
        model: Name of the camera model.
        width: Width of its images in pixels.
        height: Height of its images in pixels.
        params: Parameters in the order of the model; pixel centers are at +0.5.
    """

    model: str
    width: int
    height: int
    params: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ColmapImage:
    """A registered image.

    Args:
        name: Path of the image in the folder of images.
        camera_id: Key of its camera.
        quaternion: Rotation from the world to the camera, w x y z, of any length.
        translation: Translation after it.
    """

    name: str
    camera_id: int
    quaternion: tuple[float, float, float, float]
    translation: tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class ColmapPoints:
    """The points of a model.

    Args:
        positions: In the model's coordinates, [P, 3].
        colors: RGB, [P, 3].
        errors: Mean reprojection error in pixels, [P].
        track_lengths: Number of observations, [P].
    """

    positions: Float64[np.ndarray, "p 3"]
    colors: UInt8[np.ndarray, "p 3"]
    errors: Float64[np.ndarray, " p"]
    track_lengths: Int64[np.ndarray, " p"]


def model_suffix(folder: Path) -> str | None:
    """Find the encoding of a model.

    Args:
        folder: Folder that may hold a model.

    Returns:
        `.bin` or `.txt`; None if the folder does not hold cameras and images.
    """
    for suffix in (".bin", ".txt"):
        if all((folder / f"{name}{suffix}").is_file() for name in ("cameras", "images")):
            return suffix
    return None


def count_images(folder: Path, suffix: str) -> int:
    """Count the images of a model.

    Args:
        folder: Folder of the model.
        suffix: Its encoding.

    Returns:
        Number of registered images.

    Raises:
        DataError: The file is damaged.
    """
    if suffix == ".txt":
        return len(read_images(folder, suffix))
    return _parsed(folder / "images.bin", lambda file: _Reader(file).count(73))


def read_cameras(folder: Path, suffix: str) -> dict[int, ColmapCamera]:
    """Read the cameras of a model.

    Args:
        folder: Folder of the model.
        suffix: Its encoding.

    Returns:
        Cameras by their keys.

    Raises:
        DataError: The file is missing or damaged, or names a camera model that is not known.
    """
    path = folder / f"cameras{suffix}"
    if suffix == ".txt":
        return _parsed(path, _text_cameras)
    return _parsed(path, _binary_cameras)


def read_images(folder: Path, suffix: str) -> list[ColmapImage]:
    """Read the registered images of a model.

    Args:
        folder: Folder of the model.
        suffix: Its encoding.

    Returns:
        Images sorted by name: COLMAP writes them in the order of registration.

    Raises:
        DataError: The file is missing or damaged.
    """
    path = folder / f"images{suffix}"
    found = _parsed(path, _text_images if suffix == ".txt" else _binary_images)
    return sorted(found, key=lambda image: image.name)


def read_model_points(folder: Path, suffix: str) -> ColmapPoints | None:
    """Read the points of a model.

    Args:
        folder: Folder of the model.
        suffix: Its encoding.

    Returns:
        The points; None if the model has no file of points, or none in it.

    Raises:
        DataError: The file is damaged.
    """
    path = folder / f"points3D{suffix}"
    if not path.is_file():
        return None
    rows = _parsed(path, _text_points if suffix == ".txt" else _binary_points)
    if not rows:
        return None
    numbers = np.array(rows, np.float64)
    return ColmapPoints(
        numbers[:, :3],
        numbers[:, 3:6].astype(np.uint8),
        numbers[:, 6],
        numbers[:, 7].astype(np.int64),
    )


def _opened(path: Path) -> BinaryIO:
    try:
        require_plain(path)
        return path.open("rb")
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}.") from error


def _parsed(path: Path, parse):
    with _opened(path) as file:
        try:
            return parse(file)
        except (ValueError, IndexError, struct.error) as error:
            raise DataError(f"{path}: this is not a file of a COLMAP model: {error}.") from error


def _finite(numbers: Iterable[float]) -> tuple[float, ...]:
    """Check that numbers are finite, also in float32."""
    found = tuple(numbers)
    for number in found:
        if not abs(number) <= LARGEST:
            raise ValueError(f"it holds the number {number}")
    return found


def _lines(file: BinaryIO) -> Iterator[str]:
    """Lines after the comments; empty ones stay, since an image may observe no point."""
    for line in file.read().decode("utf-8").splitlines():
        if not line.startswith("#"):
            yield line.strip()


def _text_cameras(file: BinaryIO) -> dict[int, ColmapCamera]:
    cameras = {}
    counts = dict(MODELS.values())
    for line in filter(None, _lines(file)):
        key, model, width, height, *params = line.split()
        if counts.get(model, len(params)) != len(params):
            raise ValueError(f"camera {key} has {len(params)} parameters, {model} {counts[model]}")
        numbers = _finite(map(float, params))
        cameras[int(key)] = ColmapCamera(model, int(width), int(height), numbers)
    return cameras


def _text_images(file: BinaryIO) -> list[ColmapImage]:
    lines = list(_lines(file))
    while lines and not lines[0]:
        lines.pop(0)
    images = []
    for line in lines[::2]:
        if not line:
            break
        fields = line.split(maxsplit=9)
        _, qw, qx, qy, qz, tx, ty, tz = map(float, fields[:8])
        images.append(ColmapImage(fields[9], int(fields[8]), (qw, qx, qy, qz), (tx, ty, tz)))
    return images


def _text_points(file: BinaryIO) -> list[tuple[float, ...]]:
    rows = []
    for line in filter(None, _lines(file)):
        fields = line.split()
        if len(fields) < 8:
            raise ValueError(f"a point has {len(fields)} numbers, expected at least 8")
        rows.append((*map(float, fields[1:8]), float((len(fields) - 8) // 2)))
    return rows


class _Reader:
    """Reads little-endian records, and rejects counts that exceed the file."""

    def __init__(self, file: BinaryIO) -> None:
        self._data = memoryview(file.read())
        self._place = 0

    def take(self, layout: str) -> tuple:
        found = struct.unpack_from("<" + layout, self._data, self._place)
        self._place += struct.calcsize("<" + layout)
        return found

    def count(self, smallest: int) -> int:
        """Read a number of records of at least a given size in bytes."""
        (number,) = self.take("Q")
        self._check(number * smallest)
        return number

    def skip(self, size: int) -> None:
        self._check(size)
        self._place += size

    def name(self) -> str:
        end = bytes(self._data[self._place : self._place + 4096]).find(b"\0")
        if end < 0:
            raise ValueError("the name of an image does not end")
        text = bytes(self._data[self._place : self._place + end]).decode("utf-8")
        self._place += end + 1
        return text

    def _check(self, size: int) -> None:
        left = len(self._data) - self._place
        if size > left:
            raise ValueError(f"it is truncated: {size} bytes are expected, {left} are left")


def _binary_cameras(file: BinaryIO) -> dict[int, ColmapCamera]:
    reader = _Reader(file)
    cameras = {}
    for _ in range(reader.count(24)):
        key, model, width, height = reader.take("IiQQ")
        if model not in MODELS:
            raise ValueError(f"camera {key} is of the model {model}, known are 0 to {max(MODELS)}")
        name, count = MODELS[model]
        cameras[key] = ColmapCamera(name, width, height, _finite(reader.take(f"{count}d")))
    return cameras


def _binary_images(file: BinaryIO) -> list[ColmapImage]:
    reader = _Reader(file)
    images = []
    for _ in range(reader.count(73)):
        _, qw, qx, qy, qz, tx, ty, tz, camera = reader.take("I7dI")
        name = reader.name()
        images.append(ColmapImage(name, camera, (qw, qx, qy, qz), (tx, ty, tz)))
        reader.skip(24 * reader.count(24))  # its keypoints
    return images


def _binary_points(file: BinaryIO) -> list[tuple[float, ...]]:
    reader = _Reader(file)
    rows = []
    for _ in range(reader.count(51)):
        _, *numbers = reader.take("Q3d3Bd")
        track = reader.count(8)
        reader.skip(8 * track)
        rows.append((*map(float, numbers), float(track)))
    return rows
