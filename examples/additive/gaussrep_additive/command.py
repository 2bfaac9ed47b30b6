"""`gaussrep fit-picture`: one picture as a sum of Gaussians."""

from pathlib import Path
from typing import Annotated

import typer

from gaussrep_additive.config import FitPictureConfig

DEFAULTS = FitPictureConfig()


def fit_picture_command(
    picture: Annotated[Path, typer.Argument(metavar="PICTURE", help="Any format of Pillow.")],
    gaussians: Annotated[int, typer.Option(min=1, help="Their number.")] = DEFAULTS.gaussians,
    steps: Annotated[int, typer.Option(min=1, help="Steps of Adam.")] = DEFAULTS.steps,
    size: Annotated[int, typer.Option(min=1, help="Shrink the longer side to this.")] = 256,
    out: Annotated[Path | None, typer.Option(help="PNG to write; overwritten.")] = None,
) -> None:
    """Fit a sum of Gaussians to one picture."""
    import numpy as np
    import torch
    from rich.console import Console
    from rich.progress import Progress

    from gaussrep.data import read_image, write_png
    from gaussrep_additive.fit import fit_picture

    shown = read_image(picture)
    shown.thumbnail((size, size))
    image = torch.from_numpy(np.asarray(shown).copy()).movedim(-1, 0).float() / 255
    config = FitPictureConfig(gaussians=gaussians, steps=steps)
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("steps", total=steps)
        fit = fit_picture(image, config, lambda step: progress.update(task, completed=step))
    typer.echo(f"{picture}: {gaussians} Gaussians, {fit.psnr:.2f} dB after {steps} steps")
    if out is not None:
        write_png((255 * fit.picture.movedim(0, -1)).round().byte().numpy(), out)
        typer.echo(str(out))
