"""`gaussrep view`: show Gaussians in the browser."""

from pathlib import Path
from typing import Annotated

import typer

from gaussrep.cli.checks import require_renderer
from gaussrep.cli.options import TrustOption
from gaussrep.cli.reading import AxesOption, StrictOption, require_readable
from gaussrep.errors import ConfigError, FormatError, UnavailableError
from gaussrep.plugins.requirements import unmet
from gaussrep.runtime.console import Progress
from gaussrep.training.published import is_published
from gaussrep.training.run_folder import RunFolder

VISER = "viser>=1.1"
"""Requirement of the extra `viewer`."""


def view(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="FILE|RUN", help="File of Gaussians, folder of a fit, or folder of a run."
        ),
    ],
    overrides: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[data.root=FOLDER]...", help="Where the data set of the run is now."
        ),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 allows other machines.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port, or the next free one.")] = 8080,
    renderer: Annotated[str, typer.Option(help="Renderer; see gaussrep plugins.")] = "auto",
    axes: AxesOption = None,
    strict: StrictOption = False,
    trust: TrustOption = None,
) -> None:
    """Show a file of Gaussians, or a run, in the browser; a running one is updated."""
    if unmet([VISER]):
        raise UnavailableError(
            f'gaussrep view needs {VISER}: pip install "gaussrep[viewer]", not into the '
            "environment of nerfstudio, which pins an older one"
        )
    require_renderer("--renderer", renderer)
    is_run = is_published(path) or path.is_dir()
    if not is_run and not path.exists():
        raise FormatError(f"{path}: there is no such file or folder.")
    reading = {}
    if overrides and not is_run:
        raise ConfigError(f"{path} is a file; {overrides[0]} is a setting of a run's data set.")
    if not is_run:
        reading = require_readable(path, axes, strict=strict)
    elif axes is not None or strict:
        raise ConfigError(f"{path} is a folder; --axes and --strict are for files of Gaussians.")
    else:
        RunFolder.open(path)

    with Progress(f"opening {path}"):
        from gaussrep.viewer.serve import serve
        from gaussrep.viewer.sources import make_view_source

        source = make_view_source(path, overrides or [], trust or [], **reading)
    serve(source, host, port, renderer)
