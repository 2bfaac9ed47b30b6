"""The folder that rooms are written to, and its settings. Never imports torch."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gaussrep.errors import DataError
from gaussrep.runtime import read_json, remove_leftovers, write_json
from gaussrep_rooms.config import RoomsConfig

SETTINGS = "rooms.json"
"""File in a data set's folder with the settings of its rooms."""


def claim_folder(root: Path, seed: int, config: RoomsConfig, *, is_shared: bool = True) -> None:
    """Create the folder with its settings, or check that they are the same.

    Args:
        root: Folder of the data set.
        seed: Seed of the family of rooms.
        config: Frames and points of each room.
        is_shared: Whether other processes may be writing to it.

    Raises:
        DataError: It holds something else, or cannot be written.
    """
    settings = {"seed": seed, **config.model_dump()}
    path = root / SETTINGS
    with explained_errors(root):
        for folder in (root, *(root / "metadata").glob("*")):
            remove_leftovers(folder, is_shared=is_shared)
        if path.exists():
            _compare(root, settings, path)
        elif root.exists() and any(file.suffix != ".tmp" for file in root.iterdir()):
            raise DataError(f"{root} holds something else; name a new or an empty folder.")
        else:
            root.mkdir(parents=True, exist_ok=True)
            write_json(settings, path)


@contextmanager
def explained_errors(root: Path) -> Iterator[None]:
    """Report errors of the file system as errors of the folder.

    Args:
        root: Folder of the data set.

    Yields:
        Nothing.

    Raises:
        DataError: Something could not be written.
    """
    try:
        yield
    except OSError as error:
        raise DataError(f"{root}: cannot be written: {error.strerror or error}.") from error


def _compare(root: Path, given: dict[str, int | bool], path: Path) -> None:
    try:
        there = dict(read_json(path))
    except (TypeError, ValueError) as error:
        raise DataError(f"{root / SETTINGS} is damaged; name another folder.") from error
    for name, value in given.items():
        if there.get(name) != value:
            raise DataError(
                f"{root} holds rooms made with {name} {there.get(name)}, but {value} was given; "
                "give the same settings, or name another folder."
            )
