"""Posed RGB-D frames and their files."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Float32, UInt8
from PIL import Image

from gaussrep.atomic_files import atomic_write
from gaussrep.data.image_files import DECODING_ERRORS, UnreadableImageError, read_image
from gaussrep.data.scenes.camera_matrices import resize_intrinsics
from gaussrep.data.unreadable import UnreadableSceneError
from gaussrep.errors import DataError


@dataclass(frozen=True, eq=False)
class RGBDFrame:
    """A posed RGB-D frame.

    Args:
        image: RGB, of the same size as the depth.
        depth: Distance along the optical axis in meters, 0 where it was not measured.
        viewmat: World-to-camera matrix, OpenCV camera axes.
        intrinsics: Camera matrix for the frame's size; pixel centers lie at +0.5.
    """

    image: UInt8[np.ndarray, "height width 3"]
    depth: Float32[np.ndarray, "height width"]
    viewmat: Float32[np.ndarray, "4 4"]
    intrinsics: Float[np.ndarray, "3 3"]


MILLIMETERS = 1000
"""Steps of stored depth in a meter."""
NO_DEPTH = 65535
"""What some recordings store, besides 0, where nothing was measured."""
JPEG_QUALITY = 95
"""Ours: what is lost at this quality is below a sensor's noise."""


def read_depth(path: Path) -> Float32[np.ndarray, "height width"]:
    """Read a sixteen-bit depth picture in millimeters.

    Args:
        path: The file.

    Returns:
        Meters; 0 where the file holds 0 or 65535.

    Raises:
        UnreadableImageError: If the file is missing or damaged, or is no sixteen-bit gray picture.
    """
    with _opened_depth(path) as image:
        mode = image.mode
        raw = np.asarray(image)
    if not mode.startswith("I"):
        raise UnreadableImageError(
            f"{path}: this depth is a picture of mode {mode}, wanted sixteen bits of gray in "
            "millimeters."
        )
    measured = np.where(raw >= NO_DEPTH, 0, raw)
    return (measured / MILLIMETERS).astype(np.float32)


def depth_size(path: Path) -> tuple[int, int]:
    """Read the size of a depth image from its header, without decoding it.

    Args:
        path: The image file.

    Returns:
        Height and width in pixels.

    Raises:
        UnreadableImageError: If the file is missing or its header is damaged.
    """
    with _opened_depth(path) as image:
        return image.height, image.width


@contextmanager
def _opened_depth(path: Path) -> Iterator[Image.Image]:
    """Open a depth image; turn whatever Pillow raises into `UnreadableImageError`."""
    try:
        with Image.open(path) as image:
            yield image
    except FileNotFoundError as error:
        raise UnreadableImageError(f"{path}: there is no such file.") from error
    except DECODING_ERRORS as error:
        reason = str(error).partition("\n")[0]
        raise UnreadableImageError(
            f"{path}: this depth cannot be read ({reason}); remove the frame or replace it."
        ) from error


def write_depth(depth: Float32[np.ndarray, "height width"], path: Path) -> None:
    """Write depth as a sixteen-bit PNG in millimeters, whole or not at all.

    Args:
        depth: Meters, from 0 (not measured) up to 65.534.
        path: The file, overwritten if it exists.

    Raises:
        DataError: If a value cannot be stored.
    """
    steps = np.round(depth * MILLIMETERS)
    if not ((steps >= 0) & (steps < NO_DEPTH)).all():
        raise DataError(
            f"{path}: depth reaches from {depth.min()} to {depth.max()} m, wanted 0 to 65.534 m; "
            "write 0 where it is not known."
        )
    with atomic_write(path) as temporary:
        Image.fromarray(steps.astype(np.uint16)).save(temporary, format="PNG")


def write_color_image(image: UInt8[np.ndarray, "height width 3"], path: Path) -> None:
    """Write a photograph as a JPEG, whole or not at all.

    Args:
        image: RGB.
        path: The file, overwritten if it exists.
    """
    with atomic_write(path) as temporary:
        picture = Image.fromarray(image)
        picture.save(temporary, format="JPEG", quality=JPEG_QUALITY, subsampling=0)


@dataclass(frozen=True, eq=False)
class FrameRef:
    """One RGB-D frame that is not read yet.

    Args:
        number: Its number in its scene.
        color: The photograph.
        depth: The depth, sixteen bits, millimeters.
        viewmat: World-to-camera matrix, finite.
        intrinsics: Camera matrix for the size that the depth has; pixel centers lie at +0.5.
        color_focal: Focal length of the photograph in its own pixels, where it was not brought into
            line with the depth; None where both show the same picture.
    """

    number: int
    color: Path
    depth: Path
    viewmat: Float[np.ndarray, "4 4"]
    intrinsics: Float[np.ndarray, "3 3"]
    color_focal: float | None = None


def read_rgbd_frame(ref: FrameRef, size: tuple[int, int] | None = None) -> RGBDFrame:
    """Read a frame.

    A photograph of another size than the depth's shows the same picture: ScanNet's come from two
    cameras, and the small difference between these is ignored, as it commonly is. Where the
    photograph has a focal length of its own, the middle that the depth sees is cut out of it.

    Args:
        ref: Which one.
        size: Height and width wanted; by default those of the depth.

    Returns:
        The frame; color is resampled with a filter that averages, depth takes the nearest pixel.

    Raises:
        UnreadableImageError: If a file is missing or damaged.
        UnreadableSceneError: If the photograph sees less than the depth.
    """
    depth = read_depth(ref.depth)
    rows, columns = size or depth.shape
    photograph = read_image(ref.color)
    box = _seen_by_depth(ref, photograph, depth.shape)
    if box is not None or photograph.size != (columns, rows):
        photograph = photograph.resize((columns, rows), Image.Resampling.BILINEAR, box=box)
    nearest = depth[_nearest(rows, depth.shape[0])[:, None], _nearest(columns, depth.shape[1])]
    return RGBDFrame(
        np.asarray(photograph),
        nearest,
        ref.viewmat.astype(np.float32),
        resize_intrinsics(ref.intrinsics, depth.shape, (rows, columns)),
    )


def _seen_by_depth(
    ref: FrameRef, photograph: Image.Image, depth_size: tuple[int, ...]
) -> tuple[float, float, float, float] | None:
    """Left, upper, right and lower edge of what the depth sees, in pixels of the photograph."""
    if ref.color_focal is None:
        return None
    size = np.array(photograph.size)
    focal = np.array([ref.intrinsics[0, 0], ref.intrinsics[1, 1]])
    margin = (size - np.array(depth_size[::-1]) * ref.color_focal / focal) / 2
    if margin.min() < 0:
        raise UnreadableSceneError(
            f"{ref.color}: with a focal length of {ref.color_focal:g} pixels this photograph "
            f"sees less than the depth, whose focal length is {focal[0]:g}; lower data.color_focal."
        )
    left, upper = margin.tolist()
    return left, upper, photograph.width - left, photograph.height - upper


def _nearest(wanted: int, size: int) -> np.ndarray:
    return ((np.arange(wanted) + 0.5) * size / wanted).astype(np.int64)
