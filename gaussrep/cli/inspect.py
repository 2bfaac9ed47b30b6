"""`gaussrep inspect`: write a report on a trained method."""

from pathlib import Path
from typing import Annotated

import typer

from gaussrep.config.preflight import preflight
from gaussrep.training.run_folder import RunFolder


def inspect(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run.")],
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[IMAGE|SCENE]...",
            help="Images, or scenes of the run's data set; validation samples if none is given.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write to; by default the run folder.")
    ] = None,
) -> None:
    """Write a report on a run's predictions for images or scenes: an HTML page and its images."""
    settings = RunFolder.open(run).read_config()
    if not names:
        preflight(settings.data)

    from gaussrep.evaluation.inspection import inspect_run

    report = inspect_run(run, names or [], out or run)
    typer.echo(report.summary)
    typer.echo(f"Report: {report.page}")
