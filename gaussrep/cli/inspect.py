"""`gaussrep inspect`: write a report on a trained method."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from gaussrep import plugins
from gaussrep.cli.checks import require_output_folder
from gaussrep.cli.loading import loading
from gaussrep.cli.options import RunArgument, TrustOption
from gaussrep.config.preflight import preflight
from gaussrep.errors import DataError
from gaussrep.runtime.console import Progress
from gaussrep.training.data_places import require_named_data
from gaussrep.training.run_folder import RunFolder


def inspect(
    run: RunArgument,
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[IMAGE|SCENE|data.root=FOLDER]...",
            help="Images, or scenes of the run's data set; validation samples if none is given. "
            "data.root=FOLDER: where the data set is now.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write to; by default the run folder.")
    ] = None,
    trust: TrustOption = None,
) -> None:
    """Write a report on a run's predictions for images or scenes: an HTML page and its images."""
    overrides = [name for name in names or [] if name.startswith("data.") and "=" in name]
    samples = [name for name in names or [] if name not in overrides]
    run_folder = RunFolder.open(run)
    settings = run_folder.read_config(overrides)
    if not samples:
        require_named_data(run_folder, settings.data, overrides)
        preflight(settings.data)
    elif plugins.find("datasets", settings.data.type).record.modality == "image":
        require_image_files(samples)
    require_output_folder("RUN" if out is None else "--out", out or run_folder.results)

    with loading(f"inspect {run}"):
        from gaussrep.evaluation.inspection import inspect_run

    with Progress(f"inspecting {run}"):
        report = inspect_run(run, samples, out or run_folder.results, overrides, trust or [])
    typer.echo(report.summary)
    typer.echo(f"Report: {report.page}")


def require_image_files(names: Sequence[str]) -> None:
    """Check that images are there.

    Args:
        names: Their paths.

    Raises:
        DataError: One is missing, a folder, or of a format that is not read.
    """
    from gaussrep.data.image_files import SUFFIXES, read_image  # imports numpy and Pillow

    for name in names:
        if Path(name).is_dir():
            raise DataError(
                f"{name} is a folder; name its images: gaussrep inspect RUN {name}/*.jpg"
            )
        if not Path(name).is_file() or Path(name).suffix.lower() not in SUFFIXES:
            read_image(name)
