"""Opening files of Gaussians, so that what goes wrong is one sentence that names the file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from gaussrep.errors import FormatError
from gaussrep.replacing import replacing


@contextmanager
def reading(path: Path) -> Iterator[BinaryIO]:
    """Open a file to read it, and put its name before what the body finds wrong.

    Args:
        path: The file.

    Yields:
        The open file.

    Raises:
        FormatError: If the file cannot be read, or the body raises one.
    """
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise FormatError(f"{path}: cannot be read: {error.strerror or error}.") from error
    except FormatError as error:
        raise FormatError(f"{path}: {error}") from error


@contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """Open a file to write it, whole or not at all.

    Args:
        path: The file, overwritten if it exists.

    Yields:
        A file under a temporary name, renamed once the body is done.

    Raises:
        FormatError: If the file cannot be written.
    """
    try:
        with replacing(path) as temporary, temporary.open("wb") as file:
            yield file
    except OSError as error:
        raise FormatError(f"{path}: cannot be written: {error.strerror or error}.") from error
