"""One process at a time writes a run folder. Never imports torch."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from gaussrep.atomic_files import write_json
from gaussrep.errors import RunError
from gaussrep.plain_files import read_json

_LOCK, _OWNER = ".lock", ".owner.json"


@contextmanager
def owned_run(folder: Path) -> Iterator[None]:
    """Own a run folder while the body runs.

    The lock is the system's, so it ends with the process in whatever way that ends. On a shared
    file system that has no locks, nothing is locked.

    Args:
        folder: The run's folder; made where it is missing.

    Yields:
        Nothing.

    Raises:
        RunError: Another process owns the folder, or it cannot be made.
    """
    lock = FileLock(folder / _LOCK, timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise RunError(
            f"{folder} is being written by another process{_owner(folder)}; wait until it ends or "
            "stop it, or give another folder with --run"
        ) from error
    except OSError as error:
        raise RunError(f"cannot write the run folder {folder}: {error.strerror}") from error
    except NotImplementedError:
        yield
        return
    try:
        write_json({"host": socket.gethostname(), "pid": os.getpid()}, folder / _OWNER)
        _remove_leftovers(folder)
        yield
    finally:
        (folder / _OWNER).unlink(missing_ok=True)
        lock.release()


def _owner(folder: Path) -> str:
    try:
        owner = read_json(folder / _OWNER)
        return f" (process {owner['pid']} on {owner['host']})"
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _remove_leftovers(folder: Path) -> None:
    """Remove the temporary files of a process that was killed while it wrote them."""
    for file in folder.glob(f".{'[0-9a-f]' * 32}.tmp"):
        file.unlink(missing_ok=True)
