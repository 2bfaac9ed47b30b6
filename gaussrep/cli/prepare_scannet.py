"""`gaussrep prepare-scannet`: from the raw ScanNet release to a data set."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer


def prepare_scannet(
    raw: Annotated[
        Path,
        typer.Argument(
            metavar="RAW",
            help="Folder of the release: scans, scans_test, scannetv2-labels.combined.tsv.",
        ),
    ],
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="Folder of the data set; a second call goes on.")
    ],
    frames: Annotated[
        int, typer.Option(min=0, help="Most RGB-D frames to keep of a scene, chosen at random.")
    ] = 300,
    step: Annotated[int, typer.Option(min=1, help="List every so many of them for training.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="Which random choice of frames.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Scenes to prepare at once.")] = 1,
) -> None:
    """Write the points, labels and RGB-D frames of raw ScanNet scenes as a data set `scannet`."""
    from gaussrep.data.scenes.scannet.prepare import prepare

    counts: Counter[str] = Counter()
    for scene in prepare(raw, out, frames=frames, step=step, seed=seed, workers=workers):
        counts[scene.outcome] += 1
        typer.echo(f"{scene.name}: {scene.outcome}{': ' if scene.reason else ''}{scene.reason}")
    typer.echo(", ".join(f"{count} {outcome}" for outcome, count in counts.items()))
    if counts["failed"]:
        raise typer.Exit(1)
