"""`gaussrep inspect`: a report that shows what a run learned."""

from pathlib import Path
from typing import Annotated

import typer


def inspect(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run.")],
    images: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[IMAGE]...", help="Photographs; held-out images if none is given."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write to; the run's own if none is given.")
    ] = None,
) -> None:
    """Write a report on what a run makes of images, as one HTML page and PNGs."""
    from gaussrep.evaluation.inspection import inspect_run

    report = inspect_run(run, images or [], out or run)
    typer.echo(report.summary)
    typer.echo(f"Report: {report.page}")
