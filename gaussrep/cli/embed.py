"""`gaussrep embed`: write the embeddings of a folder of images."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from gaussrep.cli.checks import require_output
from gaussrep.cli.loading import loading
from gaussrep.cli.options import RunArgument, ShardOption, TrustOption
from gaussrep.errors import ConfigError
from gaussrep.runtime.console import Progress
from gaussrep.runtime.cuda_driver import require_device
from gaussrep.runtime.work_shares import WorkShare
from gaussrep.training.run_folder import RunFolder

POLL_SECONDS = 1.0


def embed(
    run: RunArgument,
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Folder of images, with its subfolders.")
    ],
    out: Annotated[Path, typer.Option(help="safetensors file to write; overwritten.")],
    tokens: Annotated[
        bool,
        typer.Option("--tokens/--pooled", help="One vector per token, or one per image."),
    ] = False,
    batch_size: Annotated[int, typer.Option(min=1, help="Images per forward pass.")] = 64,
    num_workers: Annotated[int, typer.Option(min=0, help="Processes that read images.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, …")] = "auto",
    trust: TrustOption = None,
    shard: ShardOption = None,
) -> None:
    """Write the embeddings of all images in a folder by a trained method.

    A killed command continues where it stopped when it is run again. With --shard, a part of the
    images is embedded; the same command without it then writes OUT.
    """
    share = WorkShare.parse(shard)
    _check(run, folder, out, device)
    with loading(f"embed {folder}"):
        from gaussrep.embedding.folder import embed as embed_folder
        from gaussrep.embedding.folder import embed_share
        from gaussrep.evaluation.device import resolve_device
        from gaussrep.training.checkpoint import load_run

        size = _size(run)
        method = load_run(run, trust=trust or ()).to(resolve_device(device))
    settings = {
        "image_size": size,
        "tokens": tokens,
        "batch_size": batch_size,
        "num_workers": num_workers,
    }
    with _explained_interrupt(out), Progress("embedding") as progress:
        settings["on_progress"] = progress.update
        if not share.is_whole:
            missing = embed_share(method, folder, out, share, **settings)
            typer.echo(f"{out}.parts: share {share} is done, {missing} parts are missing")
            if shard is not None or share.number > 1:
                return
            _wait_for_parts(lambda: embed_share(method, folder, out, share, **settings))
        embedding = embed_folder(method, folder, out, **settings)
    left_out = f", {len(embedding.damaged)} left out" if embedding.damaged else ""
    typer.echo(f"{out}: {len(embedding.names)} images{left_out}")


def _check(run: Path, folder: Path, out: Path, device: str) -> None:
    """Check the arguments before torch is imported."""
    from gaussrep.data.image_files import require_images  # imports numpy and Pillow

    RunFolder.open(run)
    require_output("--out", out)
    require_device("--device", device)
    if out.suffix.lower() != ".safetensors":
        raise ConfigError(f"--out is {out}; embeddings are safetensors, name it *.safetensors.")
    require_images(folder)


@contextmanager
def _explained_interrupt(out: Path) -> Iterator[None]:
    """Name what an interrupted command keeps."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"interrupted; finished images are kept in {out}.parts, the same command continues"
        ) from None


def _wait_for_parts(count_missing: Callable[[], int]) -> None:
    """Wait for the other processes of torchrun, which ends this process if one of them fails."""
    while count_missing():
        time.sleep(POLL_SECONDS)


def _size(run: Path) -> int:
    data = RunFolder.open(run).read_config().data

    from gaussrep.data.crops import image_size_of  # imports torch

    return image_size_of(data)
