"""Reading any picture file as eight-bit RGB, and writing one."""

import struct
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageOps

from gaussrep.data.unreadable import UnreadableFileError
from gaussrep.errors import DataError
from gaussrep.replacing import replacing

SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".webp")
DECODING_ERRORS = (
    OSError, SyntaxError, ValueError, TypeError, EOFError, IndexError, OverflowError, struct.error,
    Image.DecompressionBombError,
)  # fmt: skip


class UnreadableImageError(UnreadableFileError):
    """A picture file is missing or damaged."""


def read_image(path: Path) -> Image.Image:
    """Read a picture the right way up.

    The camera's orientation tag is obeyed, transparency is laid over white, grayscale and palettes
    become RGB, and sixteen bits per channel are rounded to eight.

    Args:
        path: A picture in any format that Pillow reads.

    Returns:
        The decoded picture, mode RGB.

    Raises:
        UnreadableImageError: If the file is missing, truncated, or no picture.
    """
    try:
        with Image.open(path) as image:
            return _as_rgb(ImageOps.exif_transpose(image))
    except FileNotFoundError as error:
        raise UnreadableImageError(f"{path}: there is no such file.") from error
    except DECODING_ERRORS as error:
        reason = str(error).partition("\n")[0]
        raise UnreadableImageError(
            f"{path}: this picture cannot be read ({reason}); remove it or replace it."
        ) from error


def write_png(pixels: UInt8[np.ndarray, "height width *channels"], path: Path) -> None:
    """Write a PNG file, whole or not at all.

    Args:
        pixels: RGB, or gray without a channel axis.
        path: The file, overwritten if it exists.

    Raises:
        DataError: If the file cannot be written.
    """
    try:
        with replacing(path) as temporary:
            Image.fromarray(pixels).save(temporary, format="PNG")
    except OSError as error:
        raise DataError(f"{path}: cannot be written: {error.strerror or error}.") from error


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        eight = np.asarray(image).astype(np.int64).clip(0, 65535) / 257
        return Image.fromarray(np.round(eight).astype(np.uint8)).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image.convert("RGB")
