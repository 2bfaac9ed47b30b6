"""`gaussrep train`: train a method."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gaussrep import plugins
from gaussrep.cli.checks import require_new_run
from gaussrep.cli.interruption import resumable
from gaussrep.cli.loading import loading
from gaussrep.cli.options import TrustOption
from gaussrep.cli.processes import ProcessesOption, start_processes
from gaussrep.config.preflight import preflight
from gaussrep.errors import ConfigError
from gaussrep.runtime.collector import paused_collector
from gaussrep.training.data_places import require_data
from gaussrep.training.run_folder import RunFolder
from gaussrep.trust import trusting

if TYPE_CHECKING:
    from gaussrep.training.config import TrainConfig
    from gaussrep.training.trainer import TrainResult


def train(
    method: Annotated[
        str | None, typer.Argument(help="Method; see gaussrep plugins. Not needed with --resume.")
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY=VALUE]...", help="Settings, such as trainer.steps=1000."),
    ] = None,
    preset: Annotated[str | None, typer.Option(help="One of the method's own presets.")] = None,
    config: Annotated[
        list[Path] | None, typer.Option(help="YAML file of settings; later files win.")
    ] = None,
    run: Annotated[
        Path | None, typer.Option(help="Folder of the new run; by default runs/<method>-<n>.")
    ] = None,
    resume: Annotated[Path | None, typer.Option(help="Resume this run where it stopped.")] = None,
    start_from: Annotated[
        Path | None, typer.Option("--from", help="Start a new run from this run's weights.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an existing run in the folder.")
    ] = False,
    processes: ProcessesOption = 1,
    trust: TrustOption = None,
) -> None:
    """Train a method, and keep configuration, metrics and weights in a run folder."""
    overrides = overrides or []
    if method is not None and "=" in method:
        method, overrides = None, [method, *overrides]
    if resume is not None:
        refused = {
            "METHOD": method, "--preset": preset, "--config": config, "--run": run,
            "--from": start_from, "--overwrite": overwrite,
        }  # fmt: skip
        _check_alone_with_resume(refused)
        start_processes(processes)
        with resumable("train"), paused_collector():
            result = _resume(resume, overrides, trust or [])
    else:
        if method is None:
            raise ConfigError("no method was given: gaussrep train METHOD, or --resume RUN")
        from gaussrep.training.config import train_config

        resolved = train_config(method, preset, config or [], overrides)
        _check(resolved, run, start_from, trust or [], overwrite=overwrite)
        start_processes(processes)
        user_config = {
            "method": method,
            "preset": preset,
            "config": {str(file): file.read_text(encoding="utf-8") for file in config or []},
            "overrides": overrides,
            "from": None if start_from is None else str(start_from),
        }
        with resumable("train"), paused_collector():
            result = _train(resolved, run, start_from, overwrite, user_config, trust or [])
    if result.rank == 0:
        typer.echo(completion_message(result))


def completion_message(result: "TrainResult") -> str:
    """Describe the result of a training and the next commands.

    Args:
        result: The result.

    Returns:
        Lines for the console.
    """
    measured = "" if result.val_loss is None else f", {result.val_loss:.4g} on the validation split"
    lines = [f"{result.run}: loss {result.loss:.4g} after {result.steps} steps{measured}"]
    if plugins.find("methods", result.method).record.report is not None:
        lines.append(f"report:       gaussrep inspect {result.run}")
    longer = f"gaussrep train --resume {result.run} trainer.steps={2 * result.steps}"
    lines += [f'use it:       gaussrep.load_run("{result.run}")', f"train longer: {longer}"]
    return "\n".join(lines)


def _check_alone_with_resume(options: dict[str, Any]) -> None:
    if given := [name for name, value in options.items() if value]:
        raise ConfigError(
            f"{given[0]} does not go with --resume, which takes everything from the run folder; "
            "only settings such as trainer.steps=…, trainer.log_every=… or data.root=… may be added"
        )


HAS_WEIGHTS = ("method",)
"""Settings that are not checked where the weights of a run are loaded: the initial ones may have
moved."""


def _check(
    config: "TrainConfig",
    run: Path | None,
    start_from: Path | None,
    trust: list[str],
    *,
    overwrite: bool,
) -> None:
    """Report mistakes before importing torch."""
    if start_from is not None:
        RunFolder.open(start_from)
    require_new_run(run, Path("runs"), overwrite=overwrite)
    with trusting(trust):
        preflight(config, HAS_WEIGHTS if start_from is not None else ())


def _resume(folder: Path, overrides: list[str], trust: list[str]) -> "TrainResult":
    from gaussrep.training.resumed_config import require_incomplete, resumed_config

    run = RunFolder.open(folder)
    run.require_own()
    settings = resumed_config(run, overrides)
    run.latest_checkpoint()
    require_incomplete(run, settings, "train", "trainer.")
    require_data(run, settings.data)
    preflight(settings, HAS_WEIGHTS)

    with loading(f"resume {folder}"):
        from gaussrep.training.trainer import resume

    return resume(folder, overrides, trust=trust)


def _train(
    config: "TrainConfig",
    run: Path | None,
    start_from: Path | None,
    overwrite: bool,
    user_config: dict[str, Any],
    trust: list[str],
) -> "TrainResult":
    with loading(f"train {config.method.type}"):
        from gaussrep.training.trainer import train as train_run

    return train_run(
        config,
        run,
        start_from=start_from,
        overwrite=overwrite,
        user_config=user_config,
        trust=trust,
    )
