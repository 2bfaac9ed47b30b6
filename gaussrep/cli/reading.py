"""Options of commands that read files of Gaussians. Never imports torch."""

from pathlib import Path
from typing import Annotated, Any

import typer

from gaussrep.cli.checks import require_gaussians
from gaussrep.config import resolve
from gaussrep.formats.suffixes import format_of

AxesOption = Annotated[
    str | None,
    typer.Option(
        help="Axes of an SPZ or USD file that is read: spz, usd or ply; see gaussrep settings spz."
    ),
]
StrictOption = Annotated[
    bool,
    typer.Option("--strict", help="Refuse a file with impossible Gaussians, such as NaN."),
]


def require_readable(path: Path, axes: str | None, *, strict: bool) -> dict[str, Any]:
    """Check that a path is a file of Gaussians, and that its format takes the options.

    Args:
        path: The file to read.
        axes: Value of `--axes`.
        strict: Whether `--strict` is given.

    Returns:
        Settings for `gaussrep.load`.

    Raises:
        ConfigError: The format has no such setting, or the value is not one of its values.
        FormatError: The file is missing, a folder, or of an unknown suffix.
    """
    require_gaussians(path)
    settings: dict[str, Any] = {} if axes is None else {"axes": axes}
    if strict:
        settings["strict"] = True
    resolve("formats", {**settings, "type": format_of(path, reading=True)})
    return settings


def takes_axes(path: Path) -> bool:
    """Whether the format of a file has the setting `axes`.

    Args:
        path: The file to read.

    Returns:
        Whether it has.

    Raises:
        FormatError: No format reads the suffix.
    """
    return "axes" in type(resolve("formats", {"type": format_of(path, reading=True)})).model_fields
