"""Read, list and write image files."""

import hashlib
import logging
import os
import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from os import PathLike
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Integer, UInt8
from PIL import ExifTags, Image

from gaussrep.data.folder_checks import require_folder
from gaussrep.data.unreadable import UnreadableFileError
from gaussrep.errors import DataError
from gaussrep.runtime.atomic_files import atomic_write
from gaussrep.runtime.plain_files import require_plain

logger = logging.getLogger("gaussrep.data")

SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
"""Suffixes of the images that folders are searched for."""
UNREAD_SUFFIXES = (".avif", ".dng", ".gif", ".heic", ".heif", ".jp2", ".jxl")
"""Suffixes of further image formats, which are left out with a warning."""
FORMATS = ("BMP", "JPEG", "PNG", "TIFF", "WEBP")
"""Pillow's readers that are used, whatever the suffix; the others are not needed here."""
MAX_BYTES = 2**30
"""Limit on the memory that decoding takes: 134 million pixels of RGB, 67 million of RGBA or 16 bits
(design choice)."""
EXAMPLES = 3
"""Maximum number of names in a message."""
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_90,
}  # fmt: skip
"""Transpositions that make an image upright, by its orientation tag (Exif 2.3, tag 0x0112)."""
DECODING_ERRORS = (
    OSError, SyntaxError, ValueError, TypeError, EOFError, IndexError, OverflowError, struct.error,
    MemoryError, Image.DecompressionBombError,
)  # fmt: skip


class UnreadableImageError(UnreadableFileError):
    """An image file is missing or damaged."""


def read_image(path: str | PathLike[str], *, upright: bool = True) -> Image.Image:
    """Read an image as 8-bit RGB.

    Transparency is composited over white, grayscale and palettes become RGB, and 16 bits per
    channel are rounded to 8.

    Args:
        path: An image in one of the formats `FORMATS`.
        upright: Apply the camera's orientation tag. False keeps the pixels as they are stored, to
            which the cameras of captures refer.

    Returns:
        The decoded image, mode RGB.

    Raises:
        UnreadableImageError: If the file is missing, truncated, or no image.
    """
    return _read(path, path, upright)


def decode_image(content: bytes, name: str) -> Image.Image:
    """Decode the content of an image file as 8-bit RGB, upright.

    Args:
        content: The whole file.
        name: Name of the file in messages.

    Returns:
        The decoded image, as `read_image` returns it.

    Raises:
        UnreadableImageError: If it is truncated, or no image.
    """
    return _read(BytesIO(content), name, upright=True)


def _read(
    source: str | PathLike[str] | BytesIO, name: str | PathLike[str], upright: bool
) -> Image.Image:
    try:
        with opened_image(source) as image:
            return _as_rgb(_turned_upright(image) if upright else image)
    except FileNotFoundError as error:
        raise UnreadableImageError(f"{name}: there is no such file.") from error
    except DECODING_ERRORS as error:
        if Path(name).suffix.lower() in UNREAD_SUFFIXES:
            raise UnreadableImageError(
                f"{name}: this format is not read; convert the image to JPEG or PNG."
            ) from error
        reason = str(error).partition("\n")[0]
        raise UnreadableImageError(
            f"{name}: this image cannot be read ({reason}); remove it or replace it."
        ) from error


@contextmanager
def opened_image(source: str | PathLike[str] | BytesIO) -> Iterator[Image.Image]:
    """Open an image of a format that is read, and check its size before it is decoded.

    Args:
        source: The file, or its content.

    Yields:
        The image, not decoded yet.

    Raises:
        OSError: It is missing, no regular file, or of another format.
        ValueError: It is decoded to more than `MAX_BYTES`.
    """
    if isinstance(source, str | PathLike):
        require_plain(Path(source))
    with Image.open(source, formats=FORMATS) as image:
        needed = image.width * image.height * _bytes_per_pixel(image)
        if needed > MAX_BYTES:
            raise ValueError(
                f"its {image.width} x {image.height} pixels take {needed / 1e9:.1f} GB to decode, "
                f"more than {MAX_BYTES / 1e9:.1f}"
            )
        yield image


def _bytes_per_pixel(image: Image.Image) -> int:
    """Bytes per pixel while an image becomes RGB: Pillow keeps colors in four bytes."""
    wide = image.mode.startswith(("I", "F")) or image.mode in ("RGBA", "RGBa", "LA", "PA")
    return 16 if wide or "transparency" in image.info else 8


def shrink_size(size: tuple[int, int], longest: int | None) -> tuple[int, int]:
    """Shrink a size so that its longer side fits.

    Args:
        size: Width and height in pixels.
        longest: Upper limit on the longer side; None keeps the size.

    Returns:
        Width and height, at least 1.

    Examples:
        >>> shrink_size((640, 480), 160)
        (160, 120)
    """
    if longest is None or max(size) <= longest:
        return size
    width, height = (max(1, round(side * longest / max(size))) for side in size)
    return width, height


def write_png(
    pixels: UInt8[np.ndarray, "height width *channels"], path: str | PathLike[str]
) -> None:
    """Write a PNG file atomically.

    Args:
        pixels: RGB, or gray without a channel axis.
        path: Output file; overwritten if it exists.

    Raises:
        DataError: If the file cannot be written.
    """
    try:
        with atomic_write(Path(path)) as temporary:
            Image.fromarray(pixels).save(temporary, format="PNG")
    except OSError as error:
        raise DataError(f"{path}: cannot be written: {error.strerror or error}.") from error


def _turned_upright(image: Image.Image) -> Image.Image:
    """Apply the orientation tag; other tags, even damaged ones, are ignored."""
    image.load()
    try:
        turn = TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except DECODING_ERRORS:
        return image
    return image if turn is None else image.transpose(turn)


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        return Image.fromarray(round_to_8_bits(np.asarray(image))).convert("RGB")
    if image.mode == "F":
        raise ValueError("floating-point values, whose range is unknown")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    if image.mode == "RGB":
        image.load()
        return image  # converting would copy it
    return image.convert("RGB")


def round_to_8_bits(
    values: Integer[np.ndarray, "height width"],
) -> UInt8[np.ndarray, "height width"]:
    """Round 16 bits per pixel to 8.

    Args:
        values: 0 to 65535; others are clipped.

    Returns:
        The nearest multiples of 1/255.
    """
    return ((np.clip(values, 0, 65535).astype(np.uint32) + 128) // 257).astype(np.uint8)


def list_images(root: str | PathLike[str]) -> list[str]:
    """List all images in a folder and its subfolders.

    Links are followed, each real folder once. Hidden files and folders are skipped. Images of
    formats that are not read, such as HEIC, are left out with a warning.

    Args:
        root: The folder.

    Returns:
        Paths relative to `root`, with forward slashes, sorted.

    Raises:
        DataError: If the folder is missing, cannot be read, or holds no image.
    """
    root = Path(root)
    try:
        require_folder(root, "a folder of images")
        files = sorted(_walk(root, "", set(), SUFFIXES + UNREAD_SUFFIXES))
    except OSError as error:
        raise DataError(f"{error.filename}: cannot be read: {error.strerror}.") from error
    names = [name for name in files if name.lower().endswith(SUFFIXES)]
    unread = _describe_unread([name for name in files if name.lower().endswith(UNREAD_SUFFIXES)])
    if not names:
        also = f"; {unread}" if unread else ""
        raise DataError(f"{root}: this folder holds no image ({', '.join(SUFFIXES)}){also}.")
    if unread:
        _warn_once(f"{root}: {unread}.")
    return names


def require_images(root: Path) -> None:
    """Check that a folder holds an image, without listing all.

    Args:
        root: The folder.

    Raises:
        DataError: If the folder is missing, cannot be read, or holds no image.
    """
    try:
        require_folder(root, "a folder of images")
        found = next(_walk(root, "", set(), SUFFIXES), None)
    except OSError as error:
        raise DataError(f"{error.filename}: cannot be read: {error.strerror}.") from error
    if found is None:
        list_images(root)  # raises, and names the files of other formats


def _describe_unread(names: Sequence[str]) -> str:
    if not names:
        return ""
    return (
        f"{len(names):,} of formats that are not read are left out ({join_some(names)}); convert "
        "them to JPEG or PNG"
    )


@cache
def _warn_once(message: str) -> None:
    """Log a warning once, even if several splits of a data set cause it."""
    logger.warning("%s", message)


def join_some(names: Sequence[str]) -> str:
    """Join the first of some names for a message.

    Args:
        names: Any number.

    Returns:
        At most `EXAMPLES` of them, and the number of the others.
    """
    rest = len(names) - EXAMPLES
    return ", ".join(names[:EXAMPLES]) + (f" and {rest:,} more" if rest > 0 else "")


def split_images(names: list[str], val_fraction: float) -> tuple[list[str], list[str]]:
    """Split images into training and validation; each image's split is independent of the others.

    Args:
        names: Relative paths; a hash of each decides, not the order.
        val_fraction: Fraction to hold out, in (0, 1).

    Returns:
        Training and validation paths. Both hold at least one if there are two images.
    """
    held_out = held_out_names(names, len(names), val_fraction)
    pairs = list(zip(names, held_out.tolist(), strict=True))
    return [name for name, is_val in pairs if not is_val], [
        name for name, is_val in pairs if is_val
    ]


def held_out_names(names: Iterable[str], count: int, val_fraction: float) -> Bool[np.ndarray, " n"]:
    """Choose the images to hold out for validation by a hash of their names.

    Args:
        names: All names.
        count: Their number.
        val_fraction: Fraction to hold out, in (0, 1).

    Returns:
        Whether each is held out; of two images or more at least one is, and one is not.
    """
    positions = np.fromiter(map(_position, names), np.float64, count)
    held_out = positions < val_fraction
    if count > 1 and not held_out.any():
        held_out[positions.argmin()] = True
    if count and held_out.all():
        held_out[positions.argmax()] = False
    return held_out


def _walk(
    folder: Path, prefix: str, seen: set[tuple[int, int]], suffixes: tuple[str, ...] = SUFFIXES
) -> Iterator[str]:
    status = folder.stat()
    if (status.st_dev, status.st_ino) in seen:
        return
    seen.add((status.st_dev, status.st_ino))
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _walk(folder / entry.name, f"{prefix}{entry.name}/", seen, suffixes)
        elif entry.name.lower().endswith(suffixes):
            yield prefix + entry.name


def _position(name: str) -> float:
    digest = hashlib.blake2b(os.fsencode(name), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


class ImageFiles:
    """Images on the disk, read by index.

    The names are kept in one array instead of many strings, so that forked workers share its
    memory.

    Args:
        root: The folder.
        names: Paths relative to `root`.
    """

    def __init__(self, root: Path, names: Sequence[str]) -> None:
        self.root = root
        self._names = np.array([os.fsencode(name) for name in names])

    def __len__(self) -> int:
        return len(self._names)

    def name(self, index: int) -> str:
        """Return the path of an image.

        Args:
            index: Index of the image.

        Returns:
            The path relative to the folder.
        """
        return os.fsdecode(self._names[index])

    def __getitem__(self, index: int) -> Image.Image:
        """Read one image.

        Args:
            index: Index of the image.

        Returns:
            The decoded image, mode RGB.

        Raises:
            UnreadableImageError: If the file is missing or damaged.
        """
        return read_image(self.root / self.name(index))
