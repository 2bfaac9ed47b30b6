"""`gaussrep convert`: convert between file formats."""

from pathlib import Path
from typing import Annotated

import typer

from gaussrep.cli.checks import require_output
from gaussrep.cli.reading import AxesOption, StrictOption, require_readable
from gaussrep.config import resolve
from gaussrep.config.overrides import parse_overrides
from gaussrep.console import Progress
from gaussrep.formats.suffixes import format_of


def convert(
    source: Annotated[Path, typer.Argument(metavar="IN", help="File of Gaussians to read.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="File to write; overwritten.")],
    overrides: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KEY=VALUE]...", help="Settings of OUT's format, such as version=2."
        ),
    ] = None,
    axes: AxesOption = None,
    strict: StrictOption = False,
) -> None:
    """Convert a file of Gaussians to the format of OUT's suffix."""
    settings = parse_overrides(overrides or [])
    reading = require_readable(source, axes, strict=strict)
    require_output("OUT", target)
    resolve("formats", {**settings, "type": format_of(target, reading=False)})

    with Progress(f"converting {source}") as progress:
        from gaussrep.formats.converting import Editing, convert_file

        editing = Editing(report=progress.update)
        count = convert_file(source, target, reading, settings, editing)
    typer.echo(f"{target}: {count} Gaussians")
