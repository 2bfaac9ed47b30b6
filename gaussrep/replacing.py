"""Files that are either whole or not there at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path in the same folder, and rename it to `path` once it is written.

    Where the body fails, the temporary file is removed and whatever `path` held stays.

    Args:
        path: The file to write.

    Yields:
        The path to write to.
    """
    temporary = path.with_name(f".{uuid4().hex}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
