"""Files of a SOG: in one zip file, or in a folder; and their images."""

import io
import warnings
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import numpy as np
from PIL import Image

from gaussrep.errors import FormatError
from gaussrep.formats.checked_files import check_decompressed_size, open_for_writing

META = "meta.json"
FORMATS = ("WEBP", "PNG")
"""Image formats that are read; WebP is written."""
EFFORT = 1
"""Pillow's `method` of lossless WebP, 0 to 6; a design choice."""
SEARCH = 24
"""Pillow's `quality`, of lossless WebP the length of the search for repetitions, 0 to 100: its
default of 80 takes four times as long for files that are at most 1 % smaller. A design choice."""
DATE = (1980, 1, 1, 0, 0, 0)
"""Date of the files in a zip file, so that the same Gaussians make the same bytes."""


@dataclass
class SogFiles:
    """Reader of the files of one SOG, which counts what they decompress to.

    Args:
        size: Size of all files in bytes.
        read: Reads a file by its name.
    """

    size: int
    read: Callable[[str], bytes]
    _unpacked: int = field(default=0, init=False)

    def pixels(self, name: str) -> np.ndarray:
        """Read an image.

        Args:
            name: Name of its file.

        Returns:
            Bytes, [height, width, 4].

        Raises:
            FormatError: If it is missing, damaged, or decompresses to implausibly many bytes.
        """
        content = self.read(name)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", Image.DecompressionBombWarning)
                with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                    self._unpacked += 4 * image.width * image.height
                    check_decompressed_size(self.size, self._unpacked)
                    return np.asarray(image.convert("RGBA"))
        except FormatError:
            raise
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
            raise FormatError(f"its image {name[:80]!r} has too many pixels.") from error
        except (OSError, ValueError, SyntaxError, EOFError, IndexError, zlib.error) as error:
            raise FormatError(f"its image {name[:80]!r} is damaged.") from error


def open_files(path: Path, file: BinaryIO) -> tuple[bytes, SogFiles]:
    """Open the files of a SOG.

    Args:
        path: A zip file, or a `meta.json`, whose images are beside it.
        file: The same, opened for reading.

    Returns:
        Content of the `meta.json`, and the reader of the images.

    Raises:
        FormatError: If the zip file is damaged.
    """
    start = file.read(4)
    file.seek(0)
    if not start.startswith(b"PK"):
        if path.name.lower() != META:
            raise FormatError("this is not a .sog file: its content is not a zip file.")
        return file.read(), _folder_files(path.parent)
    size = file.seek(0, io.SEEK_END)
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise FormatError(f"this is not a .sog file, or it is damaged: {error}.") from error
    files = SogFiles(size, lambda name: _member(archive, name, size))
    return files.read(META), files


def _member(archive: zipfile.ZipFile, name: str, size: int) -> bytes:
    try:
        info = archive.getinfo(name)
    except KeyError as error:
        raise FormatError(f"its file {name[:80]!r} is missing.") from error
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise FormatError(f"its file {name[:80]!r} is compressed by an unknown method.")
    check_decompressed_size(size, info.file_size)
    try:
        with archive.open(info) as member:
            return member.read(info.file_size)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError, ValueError) as error:
        raise FormatError(f"its file {name[:80]!r} is damaged: {str(error)[:80]}.") from error


def _folder_files(folder: Path) -> SogFiles:
    def read(name: str) -> bytes:
        relative = PurePosixPath(name)
        if relative.is_absolute() or ".." in relative.parts or any(c in name for c in ":\\\0"):
            raise FormatError(
                f"its file {name[:80]!r} is not beside it or below, and no others are read."
            )
        try:
            if not (folder / relative).is_file():
                raise FormatError(f"its file {name[:80]!r} is missing.")
            content = (folder / relative).read_bytes()
        except OSError as error:
            raise FormatError(
                f"its file {name[:80]!r} cannot be read: {error.strerror or error}."
            ) from error
        files.size += len(content)
        return content

    files = SogFiles(0, read)
    return files


def pack_image(pixels: np.ndarray) -> bytes:
    """Encode an image as lossless WebP.

    Args:
        pixels: Bytes, [height, width, 3 or 4].

    Returns:
        The file; colors of transparent pixels are kept.
    """
    content = io.BytesIO()
    image = Image.fromarray(pixels)
    image.save(content, "WEBP", lossless=True, exact=True, method=EFFORT, quality=SEARCH)
    return content.getvalue()


def write_files(path: Path, files: Mapping[str, bytes]) -> None:
    """Write the files of a SOG: a zip file atomically; in a folder, `meta.json` last.

    Args:
        path: The zip file, or the `meta.json`.
        files: Contents by name, `meta.json` included.

    Raises:
        FormatError: If a file cannot be written.
    """
    if path.name.lower() == META:
        for name in [*files.keys() - {META}, META]:
            target = path if name == META else path.with_name(name)
            with open_for_writing(target) as file:
                file.write(files[name])
        return
    with open_for_writing(path) as file, zipfile.ZipFile(file, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, DATE), content)
