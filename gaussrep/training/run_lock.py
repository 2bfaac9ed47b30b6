"""One process at a time writes a run folder. Never imports torch."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from gaussrep.errors import RunError
from gaussrep.runtime.atomic_files import remove_leftovers, write_json
from gaussrep.runtime.plain_files import read_json

_LOCK, OWNER = ".lock", ".owner.json"


@contextmanager
def owned_run(folder: Path) -> Iterator[None]:
    """Own a run folder while the body runs.

    The lock is the system's, so it ends with the process in whatever way that ends. On a shared
    file system that has no locks, nothing is locked.

    Args:
        folder: The run's folder; made if it is missing.

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
        owner = read_owner(folder)
        described = f" ({owner})" if owner else ""
        raise RunError(
            f"{folder} is being written by another process{described}; wait until it ends or "
            "stop it, or give another folder with --run"
        ) from error
    except OSError as error:
        raise RunError(
            f"cannot write the run folder {folder}: {error.strerror or error}"
        ) from error
    except NotImplementedError:
        yield
        return
    try:
        remove_leftovers(folder)
        with suppress(OSError):  # on a full disk others are refused all the same
            write_json({"host": socket.gethostname(), "pid": os.getpid()}, folder / OWNER)
        yield
    finally:
        (folder / OWNER).unlink(missing_ok=True)
        lock.release()


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that owns a run folder.

    Attributes:
        pid: Number of the process.
        host: Name of its machine.
    """

    pid: int
    host: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"


def read_owner(folder: Path) -> Owner | None:
    """Read which process owns a run folder, or did when it was killed.

    Args:
        folder: The run's folder.

    Returns:
        The process; None if none does, or the note of it cannot be read.
    """
    try:
        content = read_json(folder / OWNER)
        return Owner(int(content["pid"]), str(content["host"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
