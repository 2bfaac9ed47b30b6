"""Which pictures a folder holds, and which of them are held out."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from gaussrep.data.image_file import SUFFIXES
from gaussrep.errors import DataError


def list_images(root: Path) -> list[str]:
    """Find all pictures in a folder and its subfolders.

    Links are followed, each real folder once. Hidden files and folders are left out.

    Args:
        root: The folder.

    Returns:
        Paths relative to `root`, with forward slashes, sorted.

    Raises:
        DataError: If the folder is missing, cannot be read, or holds no picture.
    """
    try:
        if not root.is_dir():
            wrong = "this is a file" if root.exists() else "there is no such folder"
            raise DataError(f"{root}: {wrong}; wanted a folder of pictures.")
        names = sorted(_walk(root, "", set()))
    except OSError as error:
        raise DataError(f"{error.filename}: cannot be read: {error.strerror}.") from error
    if not names:
        raise DataError(f"{root}: this folder holds no picture ({', '.join(SUFFIXES)}).")
    return names


def split_images(names: list[str], val_share: float) -> tuple[list[str], list[str]]:
    """Hold some pictures out, always the same ones however many others there are.

    Args:
        names: Relative paths; what they are decides, not their order.
        val_share: Share to hold out, in (0, 1).

    Returns:
        Training and validation paths. Both hold at least one where there are two pictures.
    """
    held_out = {name for name in names if _position(name) < val_share}
    if not held_out and len(names) > 1:
        held_out = {min(names, key=_position)}
    if len(held_out) == len(names):
        held_out.discard(max(names, key=_position))
    return [n for n in names if n not in held_out], [n for n in names if n in held_out]


def _walk(folder: Path, prefix: str, seen: set[tuple[int, int]]) -> Iterator[str]:
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
            yield from _walk(folder / entry.name, f"{prefix}{entry.name}/", seen)
        elif entry.name.lower().endswith(SUFFIXES):
            yield prefix + entry.name


def _position(name: str) -> float:
    digest = hashlib.blake2b(os.fsencode(name), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
