"""`gaussrep inspect`: a report that shows what a run learned."""

from pathlib import Path
from typing import Annotated

import typer


def inspect(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run.")],
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[IMAGE|SCENE]...",
            help="Photographs, or scenes of the run's data set; held-out ones if none is given.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write to; the run's own if none is given.")
    ] = None,
) -> None:
    """Write a report on what a run makes of images or scenes: one HTML page, and its pictures."""
    from gaussrep.evaluation.inspection import inspect_run

    report = inspect_run(run, names or [], out or run)
    typer.echo(report.summary)
    typer.echo(f"Report: {report.page}")
