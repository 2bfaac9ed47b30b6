"""`gaussrep make-rooms`: synthetic rooms, written like ScanNet."""

from pathlib import Path
from typing import Annotated

import typer

from gaussrep.errors import ConfigError
from gaussrep.runtime import Progress, WorkShare, usable_cores
from gaussrep_rooms.claim import claim_folder
from gaussrep_rooms.config import RoomsConfig

MAX_PROCESSES = 8
"""Default maximum number of processes; each takes about 1 GB (design choice)."""
DEFAULTS = RoomsConfig()


def make_rooms(
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="Output folder: new, or of an unfinished run.")
    ],
    scenes: Annotated[int, typer.Option(min=0, help="Training scenes.")] = 60,
    val: Annotated[int, typer.Option(min=0, help="Validation scenes.")] = 12,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the family of rooms.")] = 0,
    frames: Annotated[int, typer.Option(min=1, help="RGB-D frames of a room.")] = DEFAULTS.frames,
    height: Annotated[int, typer.Option(min=8, help="Height of the frames.")] = DEFAULTS.height,
    width: Annotated[int, typer.Option(min=8, help="Width of the frames.")] = DEFAULTS.width,
    points: Annotated[
        int, typer.Option(min=1, help="Maximum number of points of a room.")
    ] = DEFAULTS.points,
    ceiling: Annotated[
        bool,
        typer.Option("--ceiling/--no-ceiling", help="Include depth and points of the ceiling."),
    ] = DEFAULTS.ceiling,
    processes: Annotated[
        int,
        typer.Option(
            min=0, help="Parallel processes; 0: one per core that may be used, at most 8."
        ),
    ] = 0,
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="I/N", help="Make the I-th of N equal shares, from 1; torchrun sets it itself."
        ),
    ] = None,
) -> None:
    """Write labeled synthetic rooms in the ScanNet layout.

    The data set `scannet` reads them. Repeat a killed command to resume it; finished rooms are
    kept.
    """
    share = WorkShare.parse(shard)
    if scenes + val == 0:
        raise ConfigError("--scenes and --val are both 0, expected at least one room.")
    config = RoomsConfig(frames=frames, height=height, width=width, points=points, ceiling=ceiling)
    claim_folder(out, seed, config)

    with Progress("loading torch to make rooms"):
        from gaussrep_rooms.writing import write_rooms

    try:
        with Progress("rooms", scenes + val) as progress:
            written = write_rooms(
                out,
                config,
                seed=seed,
                train=scenes,
                val=val,
                processes=processes or min(MAX_PROCESSES, usable_cores()),
                share=share,
                on_progress=progress.update,
            )
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"interrupted; finished rooms are kept in {out}, the same command makes the others"
        ) from None
    typer.echo(f"{out}: {written.made} rooms made, {written.kept} kept")
