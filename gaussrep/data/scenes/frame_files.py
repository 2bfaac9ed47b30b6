"""Reading and writing the photograph and the depth of one frame."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from jaxtyping import Float32, UInt8
from PIL import Image

from gaussrep.data.image_file import DECODING_ERRORS, UnreadableImageError
from gaussrep.errors import DataError
from gaussrep.replacing import replacing

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
    with replacing(path) as temporary:
        Image.fromarray(steps.astype(np.uint16)).save(temporary, format="PNG")


def write_photograph(image: UInt8[np.ndarray, "height width 3"], path: Path) -> None:
    """Write a photograph as a JPEG, whole or not at all.

    Args:
        image: RGB.
        path: The file, overwritten if it exists.
    """
    with replacing(path) as temporary:
        picture = Image.fromarray(image)
        picture.save(temporary, format="JPEG", quality=JPEG_QUALITY, subsampling=0)
