"""`gaussrep prepare-scannet`: convert the raw ScanNet release to a data set."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from gaussrep.cli.loading import loading
from gaussrep.cli.options import ShardOption
from gaussrep.runtime.console import Progress
from gaussrep.runtime.work_shares import WorkShare


def prepare_scannet(
    raw: Annotated[
        Path,
        typer.Argument(
            metavar="RAW",
            help="Folder of the release: scans, scans_test, scannetv2-labels.combined.tsv.",
        ),
    ],
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="Folder of the data set; a second call continues.")
    ],
    frames: Annotated[
        int, typer.Option(min=0, help="Maximum number of RGB-D frames per scene, chosen at random.")
    ] = 300,
    step: Annotated[int, typer.Option(min=1, help="Use every n-th of them for training.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the choice of frames.")] = 0,
    num_workers: Annotated[int, typer.Option(min=1, help="Scenes prepared at the same time.")] = 1,
    shard: ShardOption = None,
) -> None:
    """Write the points, labels and RGB-D frames of raw ScanNet scenes as a data set `scannet`."""
    share = WorkShare.parse(shard)
    with loading("prepare scenes"):
        from gaussrep.data.scenes.scannet.prepare import prepare
        from gaussrep.data.scenes.scannet.raw_frames import find_raw_scenes

        total = len(share.of(find_raw_scenes(raw)))
    scenes = prepare(
        raw, out, frames=frames, step=step, seed=seed, num_workers=num_workers, share=share
    )
    counts: Counter[str] = Counter()
    with Progress("scene", total) as progress:
        for done, scene in enumerate(scenes, start=1):
            counts[scene.outcome] += 1
            typer.echo(f"{scene.name}: {scene.outcome}{': ' if scene.reason else ''}{scene.reason}")
            progress.update(done)
    typer.echo(", ".join(f"{count} {outcome}" for outcome, count in counts.items()))
    if counts["failed"]:
        raise typer.Exit(1)
