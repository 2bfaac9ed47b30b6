"""`gaussrep convert`: convert between file formats."""

from pathlib import Path
from typing import Annotated

import typer


def convert(
    source: Annotated[Path, typer.Argument(metavar="IN", help="File of Gaussians to read.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="File to write; overwritten.")],
    overrides: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KEY=VALUE]...", help="Settings of OUT's format, such as version=2."
        ),
    ] = None,
) -> None:
    """Convert a file of Gaussians to the format of OUT's suffix."""
    from gaussrep.config.overrides import parse_overrides
    from gaussrep.formats.by_suffix import load, save

    settings = parse_overrides(overrides or [])
    gaussians = load(source)
    save(gaussians, target, **settings)
    typer.echo(f"{target}: {gaussians.count} Gaussians")
