"""`gaussrep embed`: from a folder of pictures to a file of features."""

from pathlib import Path
from typing import Annotated

import typer

from gaussrep.errors import ConfigError


def embed(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run.")],
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Folder of pictures, with its subfolders.")
    ],
    out: Annotated[Path, typer.Option(help="safetensors file to write; overwritten.")],
    tokens: Annotated[
        bool,
        typer.Option("--tokens/--pooled", help="One vector per token, or one per picture."),
    ] = False,
    batch_size: Annotated[int, typer.Option(min=1, help="Pictures per forward pass.")] = 64,
    workers: Annotated[int, typer.Option(min=0, help="Processes that read pictures.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, …")] = "auto",
) -> None:
    """Write what a run's method says about every picture in a folder.

    A command that was killed goes on where it was when it is given again.
    """
    size = _size(run)
    if not out.parent.is_dir():
        raise ConfigError(f"--out is {out}, but there is no folder {out.parent}; make it first.")

    from rich.console import Console
    from rich.progress import Progress

    from gaussrep.embedding import embed_folder
    from gaussrep.evaluation.device import resolve_device
    from gaussrep.training.checkpoint import load_run

    method = load_run(run).to(resolve_device(device))
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("embedding", total=None)
        embedding = embed_folder(
            method,
            folder,
            out,
            size=size,
            tokens=tokens,
            batch_size=batch_size,
            workers=workers,
            on_progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    left_out = f", {len(embedding.damaged)} left out" if embedding.damaged else ""
    typer.echo(f"{out}: {len(embedding.names)} pictures{left_out}")


def _size(run: Path) -> int:
    from gaussrep.data.crops import image_size_of
    from gaussrep.training.run_folder import RunFolder

    return image_size_of(RunFolder.open(run).read_config().data)
