"""`gaussrep convert`: Gaussians from one file format to another."""

from pathlib import Path
from typing import Annotated

import typer


def convert(
    source: Annotated[Path, typer.Argument(metavar="IN", help="File of Gaussians to read.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="File to write; overwritten.")],
) -> None:
    """Convert a file of Gaussians to the format that OUT's suffix names."""
    from gaussrep.formats.by_suffix import load, save

    gaussians = load(source)
    save(gaussians, target)
    typer.echo(f"{target}: {gaussians.count} Gaussians")
