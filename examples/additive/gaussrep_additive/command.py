"""`gaussrep fit-image`: fit a sum of Gaussians to one image."""

from pathlib import Path
from typing import Annotated

import typer

from gaussrep_additive.config import FitImageConfig

DEFAULTS = FitImageConfig()


def fit_image_command(
    path: Annotated[Path, typer.Argument(metavar="IMAGE", help="Any format of Pillow.")],
    gaussians: Annotated[int, typer.Option(min=1, help="Gaussians.")] = DEFAULTS.gaussians,
    steps: Annotated[int, typer.Option(min=1, help="Steps of Adam.")] = DEFAULTS.steps,
    size: Annotated[int, typer.Option(min=1, help="Shrink the longer side to this.")] = 256,
    out: Annotated[Path | None, typer.Option(help="PNG to write; overwritten.")] = None,
) -> None:
    """Fit a sum of Gaussians to one image."""
    import numpy as np
    import torch
    from rich.console import Console
    from rich.progress import Progress

    from gaussrep.data import read_image, write_png
    from gaussrep_additive.fit import fit_image

    opened = read_image(path)
    opened.thumbnail((size, size))
    image = torch.from_numpy(np.asarray(opened).copy()).movedim(-1, 0).float() / 255
    config = FitImageConfig(gaussians=gaussians, steps=steps)
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("steps", total=steps)
        fit = fit_image(image, config, lambda step: progress.update(task, completed=step))
    typer.echo(f"{path}: {gaussians} Gaussians, {fit.psnr:.2f} dB after {steps} steps")
    if out is not None:
        write_png((255 * fit.image.movedim(0, -1)).round().byte().numpy(), out)
        typer.echo(str(out))
