"""Checks of the folders of data sets that need neither torch nor a whole listing."""

from collections.abc import Sequence
from pathlib import Path

from gaussrep.errors import DataError

TRAIN = ("train",)
VAL = ("val", "test")
"""Names of the folders of the splits, the preferred one first."""


def require_folder(root: Path, wanted: str) -> None:
    """Check that a folder exists.

    Args:
        root: The folder.
        wanted: Description of the folder, for the message: "a folder of images".

    Raises:
        DataError: If it is missing or a file.
    """
    if not root.is_dir():
        wrong = "this is a file" if root.exists() else "there is no such folder"
        raise DataError(f"{root}: {wrong}; expected {wanted}.")


def split_folder(root: Path, names: Sequence[str]) -> Path:
    """Find the folder of a split.

    Args:
        root: Folder of the data set.
        names: Possible names of the split's folder; the first that exists is taken.

    Returns:
        Its path.

    Raises:
        DataError: If there is none.
    """
    found = [root / name for name in names if (root / name).is_dir()]
    if not found:
        raise DataError(
            f"{root}: there is no folder {' or '.join(names)} here; expected train and val (or "
            "test) with one folder per class in each."
        )
    return found[0]
