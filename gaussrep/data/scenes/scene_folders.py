"""The folders of scenes inside a folder."""

from pathlib import Path

from gaussrep.errors import DataError


def scene_folders(folder: Path, wanted: str) -> list[str]:
    """Name the folders in a folder, without the hidden ones.

    Args:
        folder: The folder.
        wanted: What it should hold, for the message.

    Returns:
        Names, sorted; at least one.

    Raises:
        DataError: If it cannot be read or holds no folder.
    """
    try:
        inside = [entry.name for entry in folder.iterdir() if entry.is_dir()]
    except OSError as error:
        raise DataError(f"{folder}: cannot be read: {error.strerror}; wanted {wanted}.") from error
    names = sorted(name for name in inside if not name.startswith("."))
    if not names:
        raise DataError(f"{folder}: there is no scene here; wanted {wanted}.")
    return names
