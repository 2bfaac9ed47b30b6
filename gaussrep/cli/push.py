"""`gaussrep push`: publish a run."""

from pathlib import Path
from typing import Annotated

import typer

from gaussrep.cli.loading import loading
from gaussrep.errors import ConfigError
from gaussrep.runtime.console import Progress
from gaussrep.runtime.plain_files import read_plain_text
from gaussrep.training.published import require_target
from gaussrep.training.run_folder import RunFolder


def push(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run.")],
    target: Annotated[str, typer.Argument(metavar="TARGET", help="hf:USER/NAME, or a new folder.")],
    license_name: Annotated[
        str, typer.Option("--license", help="License of the weights, such as apache-2.0.")
    ] = "",
    notes: Annotated[
        Path | None,
        typer.Option(help="Markdown file for the card: origin of the data, known failures."),
    ] = None,
    half: Annotated[bool, typer.Option("--half", help="Store weights in float16.")] = False,
    private: Annotated[
        bool, typer.Option("--private", help="Make a new repository private.")
    ] = False,
) -> None:
    """Publish the settings, the weights and a model card of a run.

    The card holds the scores that `gaussrep evaluate` left in the run.
    """
    RunFolder.open(run)
    require_target(target)
    text = "" if notes is None else _read_notes(notes)
    with loading("push the run"):
        from gaussrep.training.publishing import push as push_run

    with Progress(f"publishing {run}"):
        place = push_run(
            run, target, license_name=license_name, notes=text, half=half, private=private
        )
    typer.echo(f"{place}: load it with gaussrep.load_run")


def _read_notes(file: Path) -> str:
    try:
        return read_plain_text(file)
    except (OSError, ValueError) as error:
        raise ConfigError(f"--notes is {file}, which cannot be read: {error}") from error
