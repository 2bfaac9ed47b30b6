"""`gaussrep fit`: from posed images to Gaussians."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated

import typer

from gaussrep.cli.checks import require_new_run, require_renderer
from gaussrep.cli.interruption import resumable
from gaussrep.cli.loading import loading
from gaussrep.cli.processes import ProcessesOption, start_processes
from gaussrep.config import load_config
from gaussrep.config.guidance import Guidance
from gaussrep.config.preflight import preflight
from gaussrep.errors import ConfigError, RunError
from gaussrep.runtime.collector import paused_collector

if TYPE_CHECKING:
    from gaussrep.fitting.config import FitConfig
    from gaussrep.fitting.run_fit import FitResult


def fit(
    data: Annotated[
        str | None,
        typer.Argument(
            help="Folder with transforms.json, of a COLMAP model or an RGB-D recording, or "
            "synthetic:balls. Not needed with --resume."
        ),
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KEY=VALUE]...", help="Settings, such as steps=7000 data.image_size=400."
        ),
    ] = None,
    renderer: Annotated[
        str | None, typer.Option(help="Renderer; see gaussrep plugins. auto by default.")
    ] = None,
    config: Annotated[
        list[Path] | None, typer.Option(help="YAML file of settings; later files win.")
    ] = None,
    run: Annotated[
        Path | None, typer.Option(help="Folder of the new fit; by default runs/fit-<n>.")
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(
            help="Continue this fit where it was stopped; steps=N makes it longer, and log_every=N "
            "or data.path=FOLDER may change."
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the fit that the folder holds.")
    ] = False,
    processes: ProcessesOption = 1,
) -> None:
    """Fit the Gaussians of one scene to posed images."""
    overrides = overrides or []
    if data is not None and "=" in data:
        data, overrides = None, [data, *overrides]
    if resume is not None:
        if any([data, renderer, config, run, overwrite]):
            raise ConfigError(
                "--resume takes the settings from the run folder; give nothing else with it but "
                f"{_list_resumed()}"
            )
        start_processes(processes)
        with resumable("fit"), paused_collector():
            result = _resume(resume, overrides)
    else:
        if renderer is not None:
            require_renderer("--renderer", renderer)
        settings = fit_config(data, renderer, config or [], overrides)
        user_config = {
            "data": data,
            "renderer": renderer,
            "config": {str(file): file.read_text(encoding="utf-8") for file in config or []},
            "overrides": overrides,
        }
        require_new_run(run, Path("runs"), overwrite=overwrite)
        preflight(settings)
        start_processes(processes)

        with resumable("fit"), paused_collector():
            with loading(f"fit {settings.data.path}"):
                from gaussrep.fitting.run_fit import fit as run_fit

            result = run_fit(settings, run, overwrite=overwrite, user_config=user_config)
    if result.rank == 0:
        typer.echo(completion_message(result))


def fit_config(
    data: str | None, renderer: str | None, files: list[Path], overrides: list[str]
) -> "FitConfig":
    """Resolve the configuration of a new fit.

    Args:
        data: The capture, as on the command line; None if a file or an override names it.
        renderer: Name of the renderer, or None.
        files: YAML files, later ones on top.
        overrides: `dotted.key=value`, on top of all.

    Returns:
        The configuration.

    Raises:
        ConfigError: A setting is wrong, or no capture is named.
    """
    from gaussrep.fitting.config import FitConfig

    arguments = [] if data is None else [f"data.path={data}"]
    arguments += [] if renderer is None else [f"renderer={renderer}"]
    missing = {"data": "name a capture: gaussrep fit FOLDER"}
    guidance = Guidance("gaussrep settings fit", missing)
    return load_config(FitConfig, None, files, [*arguments, *overrides], guidance)


def completion_message(result: "FitResult") -> str:
    """Format the completion message: file, metrics and next commands.

    Args:
        result: The outcome of a fit.

    Returns:
        Lines for the console.
    """
    measured = ""
    if (found := result.metrics) is not None:
        measured = f", held-out views {found.psnr:.2f} dB, SSIM {found.ssim:.4f}"
    return (
        f"{result.scene}: {result.gaussians} Gaussians after {result.steps} steps{measured}\n"
        f"look at it:   gaussrep render {result.scene} --out scene.png\n"
        f"report:       gaussrep inspect {result.run}\n"
        f"train longer: gaussrep fit --resume {result.run} steps={2 * result.steps}"
    )


RESUMED: Mapping[str, str] = MappingProxyType(
    {
        "steps": "trainer.steps",
        "log_every": "trainer.log_every",
        "checkpoint_every": "trainer.checkpoint_every",
        "tensorboard": "trainer.tensorboard",
        "data.path": "data.capture.path",
    }
)
"""Settings of a fit that may change on resume, with their names in the run's configuration."""


def _list_resumed() -> str:
    return ", ".join(f"{name}=…" for name in RESUMED)


def _resumed_override(override: str) -> str:
    name, _, value = override.partition("=")
    if name not in RESUMED:
        raise ConfigError(f"{name} cannot change on --resume; only {_list_resumed()} can")
    return f"{RESUMED[name]}={value}"


def _resume(folder: Path, overrides: list[str]) -> "FitResult":
    from gaussrep.training.data_places import require_data
    from gaussrep.training.resumed_config import require_incomplete, resumed_config
    from gaussrep.training.run_folder import RunFolder

    changes = [_resumed_override(override) for override in overrides]
    run = RunFolder.open(folder)
    if (method := run.read_config().method.type) != "fit":
        raise RunError(
            f"{folder} holds a run of {method}, not a fit; resume it with: "
            f"gaussrep train --resume {folder}"
        )
    settings = resumed_config(run, changes)  # reports mistakes before torch is imported
    run.latest_checkpoint()
    require_incomplete(run, settings, "fit")
    require_data(run, settings.data, {inner: name for name, inner in RESUMED.items()})

    with loading(f"resume {folder}"):
        from gaussrep.fitting.run_fit import resume_fit

    return resume_fit(folder, changes)
