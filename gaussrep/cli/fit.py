"""`gaussrep fit`: from posed pictures to Gaussians."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gaussrep.config import load_config
from gaussrep.errors import ConfigError

if TYPE_CHECKING:
    from gaussrep.fitting.capture import Capture
    from gaussrep.fitting.config import FitConfig
    from gaussrep.fitting.loop import FitResult
    from gaussrep.training.run_folder import RunFolder


def fit(
    data: Annotated[
        str | None,
        typer.Argument(
            help="Folder with transforms.json, folder of an RGB-D recording, or synthetic:balls. "
            "Not needed with --resume."
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
        Path | None, typer.Option(help="Go on with this fit where it was stopped.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the fit that the folder holds.")
    ] = False,
) -> None:
    """Fit the Gaussians of one scene to posed pictures."""
    if resume is not None:
        if any([data, overrides, renderer, config, run, overwrite]):
            raise ConfigError(
                "--resume takes everything from the run folder; give nothing else with it."
            )
        typer.echo(farewell(_resume(resume)))
        return
    overrides = overrides or []
    if data is not None and "=" in data:
        data, overrides = None, [data, *overrides]
    given = {
        "data": data,
        "renderer": renderer,
        "config": {str(file): file.read_text(encoding="utf-8") for file in config or []},
        "overrides": overrides,
    }
    resolved = fit_config(data, renderer, config or [], overrides)
    typer.echo(farewell(_start(resolved, run, given, overwrite=overwrite)))


def fit_config(
    data: str | None, renderer: str | None, files: list[Path], overrides: list[str]
) -> "FitConfig":
    """Resolve the configuration of a new fit.

    Args:
        data: What to fit, as on the command line; None where a file or an override says it.
        renderer: Name of the renderer, or None.
        files: YAML files, later ones on top.
        overrides: `dotted.key=value`, on top of all.

    Raises:
        ConfigError: A setting is wrong, or nothing says what to fit.
    """
    from gaussrep.fitting.config import FitConfig

    said = [] if data is None else [f"data.path={data}"]
    said += [] if renderer is None else [f"renderer={renderer}"]
    return load_config(FitConfig, None, files, [*said, *overrides])


def farewell(result: "FitResult") -> str:
    """Say where the scene is, how good it is, and how to look at it."""
    measured = ""
    if (found := result.fidelity) is not None:
        measured = f", held-out views {found.psnr:.2f} dB, SSIM {found.ssim:.4f}"
    return (
        f"{result.scene}: {result.gaussians} Gaussians after {result.steps} steps{measured}\n"
        f"look at it: gaussrep render {result.scene} --out scene.png"
    )


def _start(
    config: "FitConfig", folder: Path | None, given: dict[str, Any], *, overwrite: bool
) -> "FitResult":
    from gaussrep.training.run_folder import RunFolder

    folder = folder or RunFolder.unused(Path("runs"), "fit")
    if not overwrite:
        RunFolder(folder).require_unused()

    from gaussrep.fitting.capture import open_capture

    capture = open_capture(config.data)
    run = RunFolder.create(folder, config, given, overwrite=overwrite)
    return _fit(capture, config, run, resume=False)


def _resume(folder: Path) -> "FitResult":
    from gaussrep.fitting.fit_folder import open_folder

    run, config = open_folder(folder)
    run.latest_checkpoint()  # its absence is told before torch is imported

    from gaussrep.fitting.capture import open_capture

    return _fit(open_capture(config.data), config, run, resume=True)


def _fit(capture: "Capture", config: "FitConfig", run: "RunFolder", *, resume: bool) -> "FitResult":
    from gaussrep.fitting.loop import fit as fit_scene

    try:
        return fit_scene(capture, config, run, resume=resume)
    except KeyboardInterrupt:
        print(f"go on with: gaussrep fit --resume {run.path}", file=sys.stderr)
        raise
