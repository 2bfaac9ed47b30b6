"""`gaussrep runs`: list the runs in a folder and how far they are."""

import time
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from gaussrep.errors import RunError
from gaussrep.runtime.console import print_table

HEADERS = ("run", "method", "state", "step", "latest", "left", "written")
SHOWN = 3
"""Number of columns of the metrics that are shown."""
UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))


def runs(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of runs.")] = Path(
        "runs"
    ),
) -> None:
    """List runs with state, step, latest losses, remaining time and age of the last metrics.

    A run is `running` while the process that writes it lives; one on another machine is taken to
    live until it ends or the run is resumed.
    """
    from gaussrep.training.run_list import list_runs

    if not folder.is_dir():
        raise RunError(f"there is no folder {folder}; give the folder that holds the runs")
    found = list_runs(folder)
    if not found:
        raise RunError(f"{folder} holds no runs: no folder in it has a config.yaml")
    print_table(
        HEADERS,
        [
            [
                "." if each.path == folder else str(each.path.relative_to(folder)),
                each.method,
                f"{each.state} ({each.owner})" if each.owner else each.state,
                f"{each.step}/{'?' if each.steps is None else each.steps}",
                _format(each.metrics),
                "" if each.seconds_left is None else f"{timedelta(seconds=int(each.seconds_left))}",
                "" if each.written is None else _age(time.time() - each.written),
            ]
            for each in found
        ],
    )


def _format(metrics: dict[str, float]) -> str:
    shown = [name for name in metrics if name == "loss" or name.startswith("val_")]
    return "  ".join(f"{name} {metrics[name]:.4g}" for name in shown[:SHOWN])


def _age(seconds: float) -> str:
    unit, size = next((unit for unit in UNITS if seconds >= unit[1]), UNITS[-1])
    return f"{max(0, int(seconds / size))} {unit} ago"
