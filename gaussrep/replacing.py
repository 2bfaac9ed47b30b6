"""Files that are either whole or not there at all."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

WAITS = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Seconds before each further attempt to rename. Windows refuses while a virus scanner, an indexer
or a reader holds the file, which is seldom long."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path in the same folder, and rename it to `path` once it is written.

    Where the body fails, the temporary file is removed and whatever `path` held stays.

    Args:
        path: The file to write.

    Yields:
        The path to write to.

    Raises:
        PermissionError: Another program keeps the file open, on Windows.
    """
    temporary = path.with_name(f".{uuid4().hex}.tmp")
    try:
        yield temporary
        move(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def move(source: Path, target: Path) -> None:
    """Rename a file, over another one where there is one, or a folder; wait while that is refused.

    Args:
        source: What to rename.
        target: Its new place, on the same disk.

    Raises:
        PermissionError: It is still refused after two seconds.
    """
    for wait in WAITS:
        try:
            source.replace(target)
        except PermissionError:
            time.sleep(wait)
        else:
            return
    source.replace(target)
