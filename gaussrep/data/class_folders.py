"""Which classes a data set on the disk has, and which pictures belong to which."""

from collections.abc import Sequence
from pathlib import Path

from gaussrep.errors import DataError

EXAMPLES = 3
"""How many names an error gives where many are wrong."""


def split_folder(root: Path, names: Sequence[str]) -> Path:
    """Find the folder of a split.

    Args:
        root: Folder of the data set.
        names: What the split's folder may be called; the first that is there is taken.

    Returns:
        Its path.

    Raises:
        DataError: If there is none.
    """
    found = [root / name for name in names if (root / name).is_dir()]
    if not found:
        raise DataError(
            f"{root}: there is no folder {' or '.join(names)} here; wanted train and val (or test) "
            "with one folder per class in each."
        )
    return found[0]


def list_classes(folder: Path) -> tuple[str, ...]:
    """Name the classes of a split: its folders, without the hidden ones.

    Args:
        folder: Folder of the split.

    Returns:
        Names, sorted.

    Raises:
        DataError: If the folder cannot be read.
    """
    try:
        inside = [entry.name for entry in folder.iterdir() if entry.is_dir()]
    except OSError as error:
        raise DataError(f"{folder}: cannot be read: {error.strerror}.") from error
    return tuple(sorted(name for name in inside if not name.startswith(".")))


def check_same_classes(wanted: Sequence[str], given: Sequence[str], train: Path, val: Path) -> None:
    """Raise unless two splits have the same classes.

    Args:
        wanted: Classes of the training split.
        given: Classes of the validation split.
        train: Folder of the training split, for the message.
        val: Folder of the validation split, for the message.

    Raises:
        DataError: If a class is in one split only.
    """
    missing = sorted(set(wanted) - set(given))
    strange = sorted(set(given) - set(wanted))
    if missing or strange:
        lacks = f"lacks {_some(missing)}" if missing else ""
        has = f"has {_some(strange)} besides" if strange else ""
        raise DataError(
            f"{val}: {' and '.join(filter(None, (lacks, has)))}; wanted the same folders as in "
            f"{train}, one per class."
        )


def label_names(names: Sequence[str], classes: Sequence[str], folder: Path) -> list[int]:
    """Tell the class of each picture from the folder that it lies in.

    Args:
        names: Paths of the pictures relative to the split's folder, with forward slashes.
        classes: Names of the split's folders; a class's label is its position here.
        folder: Folder of the split, for the message.

    Returns:
        One label per picture.

    Raises:
        DataError: If a picture lies in no class, or a class has no picture.
    """
    loose = [name for name in names if "/" not in name]
    if loose:
        raise DataError(
            f"{folder}: {_some(loose)} in no class; wanted each picture in the folder of its class."
        )
    number = {name: label for label, name in enumerate(classes)}
    labels = [number[name.partition("/")[0]] for name in names]
    empty = [classes[label] for label in sorted(set(number.values()) - set(labels))]
    if empty:
        raise DataError(f"{folder}: no picture in {_some(empty)}; fill the folder or remove it.")
    return labels


def _some(names: Sequence[str]) -> str:
    rest = len(names) - EXAMPLES
    return ", ".join(names[:EXAMPLES]) + (f" and {rest:,} more" if rest > 0 else "")
