"""Loading and saving of Gaussians in the format of a file's suffix."""

from os import PathLike
from pathlib import Path
from typing import Any

from gaussrep import plugins
from gaussrep.building import build
from gaussrep.errors import AmbiguousNameError, FormatError
from gaussrep.gaussians import Gaussians


def load(path: str | PathLike[str]) -> Gaussians:
    """Read Gaussians from a file.

    Args:
        path: The file; its suffix names the format, in upper or lower case.

    Returns:
        One scene on the CPU.

    Raises:
        FormatError: If no format reads this suffix, or the file is missing or damaged.
    """
    path = Path(path)
    return build("formats", _format_of(path, reading=True)).read(path)


def save(gaussians: Gaussians, path: str | PathLike[str], **settings: Any) -> None:
    """Write Gaussians to a file, whole or not at all.

    Args:
        gaussians: One scene, without batch axes.
        path: The file; its suffix names the format. It is overwritten if it exists.
        **settings: Settings of the format, such as `version=2` of SPZ.

    Raises:
        ConfigError: If the format has no such setting.
        FormatError: If no format writes this suffix, the format cannot hold these Gaussians, or
            the file cannot be written.
    """
    path = Path(path)
    chosen = {**settings, "type": _format_of(path, reading=False)}
    build("formats", chosen).write(gaussians, path)


def _format_of(path: Path, *, reading: bool) -> str:
    able: dict[str, list[str]] = {}
    for component in plugins.list("formats"):
        record = component.record
        if record.can_read if reading else record.can_write:
            for suffix in record.suffixes:
                able.setdefault(suffix.lower(), []).append(component.qualified)
    fitting = [suffix for suffix in able if path.name.lower().endswith(suffix)]
    if not fitting:
        verb = "read" if reading else "write"
        raise FormatError(f"{path}: no format {verb}s this suffix; known: {', '.join(able)}.")
    names = able[max(fitting, key=len)]
    if len(names) > 1:
        raise AmbiguousNameError(
            f"{path}: {' and '.join(names)} both register this suffix; load one of them with "
            "GAUSSREP_PLUGINS."
        )
    return names[0]
