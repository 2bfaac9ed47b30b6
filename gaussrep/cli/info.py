"""`gaussrep info`: summarize a file of Gaussians."""

from pathlib import Path
from typing import Annotated

import typer

from gaussrep.cli.reading import AxesOption, StrictOption, require_readable
from gaussrep.runtime.console import Progress, print_table

HEADERS = ("", "least", "1 %", "25 %", "median", "75 %", "99 %", "largest")


def info(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File of Gaussians.")],
    axes: AxesOption = None,
    strict: StrictOption = False,
) -> None:
    """Print number, SH degree, box, scales and opacities of a file, and its anomalies."""
    reading = require_readable(file, axes, strict=strict)
    with Progress(f"reading {file}"):
        from gaussrep.formats.summary import summarize

        summary = summarize(file, **reading)
    color = "plain colors" if summary.sh_degree is None else f"SH of degree {summary.sh_degree}"
    if summary.antialiased:
        color += ", antialiased"
    typer.echo(f"{file}: {summary.count} Gaussians, {color}, {file.stat().st_size} bytes")
    if summary.program:
        typer.echo(f"written by: {summary.program}")
    if summary.quantiles:
        rows = [
            [name, *(f"{value:.4g}" for value in values)]
            for name, values in summary.quantiles.items()
        ]
        print_table(HEADERS, rows)
