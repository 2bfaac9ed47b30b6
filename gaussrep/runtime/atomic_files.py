"""Files and folders that are written atomically."""

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

__all__ = ["atomic_write", "remove_leftovers", "write_json"]

WAITS = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Seconds before each further attempt to rename. Windows refuses while a virus scanner, an indexer
or a reader holds the file, which is seldom long."""

HOUR = 3600


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Write to a temporary file in the same folder, which is renamed to `path` after the body.

    If the body fails, the temporary file is removed and `path` stays as it was.

    Args:
        path: The file to write.

    Yields:
        The temporary path.

    Raises:
        PermissionError: If another program keeps the file open, on Windows.
    """
    temporary = path.with_name(f".{uuid4().hex}.tmp")
    try:
        yield temporary
        _use_default_mode(temporary)
        rename_with_retries(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def remove_leftovers(folder: Path, *, is_shared: bool = False) -> None:
    """Remove the temporary files of a process that was killed while it wrote into a folder.

    Args:
        folder: The folder.
        is_shared: Whether other processes may write there now; temporary files of the last hour
            then stay.
    """
    for file in folder.glob(f".{'[0-9a-f]' * 32}.tmp"):
        with suppress(FileNotFoundError):
            if not is_shared or file.stat().st_mtime < time.time() - HOUR:
                file.unlink()


def rename_with_retries(source: Path, target: Path) -> None:
    """Rename a file, replacing an existing one, or a folder; retry while the system refuses.

    Args:
        source: The file or folder.
        target: New path on the same disk.

    Raises:
        PermissionError: If the system still refuses after two seconds.
    """
    for wait in WAITS:
        try:
            source.replace(target)
        except PermissionError:
            time.sleep(wait)
        else:
            return
    source.replace(target)


def write_json(content: dict[str, Any], path: Path) -> None:
    """Write plain data as JSON atomically.

    Args:
        content: Plain data.
        path: The file; overwritten.
    """
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Write to a temporary folder, which is flushed to the disk and renamed to `path` at the end.

    If the body fails, the temporary folder is removed and `path` stays as it was.

    Args:
        path: The folder to make or replace.

    Yields:
        The temporary folder, empty; its name starts with a dot.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        for file in temporary.iterdir():
            if file.is_file():
                _use_default_mode(file)
            _flush(file)
        _flush(temporary)
        if path.exists():
            shutil.rmtree(path)
        rename_with_retries(temporary, path)
        _flush(path.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _read_umask() -> int:
    umask = os.umask(0o077)
    os.umask(umask)
    return umask


_UMASK = _read_umask()


def _use_default_mode(path: Path) -> None:
    """Give a file the permissions of a new one; those of safetensors 0.8 are for the owner only."""
    if os.name == "posix":
        path.chmod(0o666 & ~_UMASK)


def _flush(path: Path) -> None:
    if os.name != "posix":  # elsewhere neither folders nor files open for reading can be flushed
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
