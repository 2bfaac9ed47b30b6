"""`gaussrep convert`: convert between file formats."""

from pathlib import Path
from typing import Annotated, Any

import typer

from gaussrep.cli.checks import require_gaussians, require_output
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
    axes: Annotated[
        str | None,
        typer.Option(
            help="Axes of IN, an SPZ file: spz or ply; see gaussrep settings formats/spz."
        ),
    ] = None,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Refuse a file with impossible Gaussians, such as NaN."),
    ] = False,
) -> None:
    """Convert a file of Gaussians to the format of OUT's suffix."""
    settings = parse_overrides(overrides or [])
    reading: dict[str, Any] = {} if axes is None else {"axes": axes}
    if strict:
        reading["strict"] = True
    require_gaussians(source)
    require_output("OUT", target)
    resolve("formats", {**reading, "type": format_of(source, reading=True)})
    resolve("formats", {**settings, "type": format_of(target, reading=False)})

    with Progress(f"reading {source}"):
        from gaussrep.formats.by_suffix import load, save

        gaussians = load(source, **reading)
    with Progress(f"writing {target}"):
        save(gaussians, target, **settings)
    typer.echo(f"{target}: {gaussians.count} Gaussians")
