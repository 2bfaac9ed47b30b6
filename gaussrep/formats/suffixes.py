"""File formats by suffix. Never imports torch."""

from pathlib import Path

from gaussrep import plugins
from gaussrep.errors import AmbiguousNameError, FormatError

PACKED = (".gz", ".zip", ".7z", ".zst", ".xz", ".bz2", ".tar", ".tgz", ".rar")
"""Suffixes of files that hold others."""


def suffixes(*, reading: bool) -> dict[str, list[str]]:
    """List the suffixes, and the whole names, of files of Gaussians.

    Args:
        reading: Of the formats that are read; otherwise of those that are written.

    Returns:
        Qualified names of the formats, by suffix or name in lower case; suffixes begin with a dot.
    """
    able: dict[str, list[str]] = {}
    for component in plugins.list("formats"):
        record = component.record
        if record.can_read if reading else record.can_write:
            for ending in (*record.suffixes, *record.file_names):
                able.setdefault(ending.lower(), []).append(component.qualified)
    return able


def format_of(path: Path, *, reading: bool) -> str:
    """Find the format that the suffix of a file names.

    Args:
        path: The file, which need not exist.
        reading: Whether the file is read; otherwise it is written.

    Returns:
        The qualified name of the format; of several suffixes that fit, the longest decides.

    Raises:
        FormatError: No format reads, or writes, this suffix.
        AmbiguousNameError: Several formats do.
    """
    able = suffixes(reading=reading)
    name = path.name.lower()
    fitting = [
        ending for ending in able if name == ending or (ending[0] == "." and name.endswith(ending))
    ]
    if not fitting:
        verb = "read" if reading else "write"
        cure = " Unpack it first." if reading and name.endswith(PACKED) else ""
        raise FormatError(f"{path}: no format {verb}s this suffix; known: {', '.join(able)}.{cure}")
    names = able[max(fitting, key=len)]
    if len(names) > 1:
        raise AmbiguousNameError(
            f"{path}: {' and '.join(names)} both register this suffix; load one of them with "
            "GAUSSREP_PLUGINS."
        )
    return names[0]
