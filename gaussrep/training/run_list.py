"""Find runs below a folder and summarize how far they are. Never imports torch."""

import os
import socket
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import psutil

from gaussrep.config.yaml_text import read_yaml
from gaussrep.errors import GaussrepError
from gaussrep.runtime.console import RECENT
from gaussrep.runtime.plain_files import read_json
from gaussrep.training.metrics_table import read_rows
from gaussrep.training.run_folder import RunFolder
from gaussrep.training.run_lock import OWNER, Owner, read_owner


@dataclass(frozen=True, slots=True)
class RunSummary:
    """Progress of a run.

    Attributes:
        path: The run's folder.
        method: Name of its method; empty if config.yaml cannot be read.
        state: `finished`; `running`, if the process that owns the folder lives, or is on another
            machine; otherwise `stopped`.
        owner: The process that writes a running run, otherwise None.
        step: Optimizer steps logged so far.
        steps: Steps of the whole run; None until the first checkpoint of a run in epochs.
        metrics: The latest number of each column of `metrics.csv`.
        seconds_left: From the median speed of the latest rows; None if the run is not running
            or the speed is unknown.
        written: When the metrics were last written, in seconds since 1970; None before.
    """

    path: Path
    method: str
    state: Literal["running", "finished", "stopped"]
    owner: Owner | None
    step: int
    steps: int | None
    metrics: dict[str, float]
    seconds_left: float | None
    written: float | None


def list_runs(folder: Path) -> list[RunSummary]:
    """Summarize all runs in a folder, and in the folders in it.

    Args:
        folder: A folder of runs, or a run.

    Returns:
        The runs, in order of their paths.
    """
    return [summarize(run) for run in _find(folder)]


def _find(folder: Path) -> Iterator[RunFolder]:
    for path, folders, _ in os.walk(folder):
        run = RunFolder(Path(path))
        if run.exists():
            folders.clear()
            yield run
        folders[:] = sorted(name for name in folders if not name.startswith("."))


def summarize(run: RunFolder) -> RunSummary:
    """Summarize a run from the files in its folder.

    Args:
        run: Its folder, with a config.yaml.

    Returns:
        How far it is.
    """
    config, progress, rows = _read_config(run), _read_progress(run), _read_metrics(run)
    metrics = {name: value for row in rows for name, value in row.items()}
    step = int(metrics.pop("step", 0))
    steps = progress.get("steps") or _whole(_part(config, "trainer").get("steps"))
    owner = read_owner(run.path)
    if owner is not None and not _lives(owner, run.path):
        owner = None
    finished = steps is not None and run.is_finished(steps)
    return RunSummary(
        path=run.path,
        method=str(_part(config, "method").get("type", "")),
        state="running" if owner else "finished" if finished else "stopped",
        owner=owner,
        step=step,
        steps=steps,
        metrics=metrics,
        seconds_left=_seconds_left(rows, progress, step) if owner else None,
        written=run.metrics_file.stat().st_mtime if rows else None,
    )


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) else None


def _part(config: dict[str, Any], name: str) -> dict[str, Any]:
    part = config.get(name)
    return part if isinstance(part, dict) else {"type": part} if isinstance(part, str) else {}


def _read_config(run: RunFolder) -> dict[str, Any]:
    try:
        return dict(read_yaml(run.config_file))
    except (GaussrepError, OSError, TypeError, ValueError):
        return {}


def _read_progress(run: RunFolder) -> dict[str, int]:
    """Read the whole numbers of the latest checkpoint's `state.json`; none if there is none."""
    try:
        content = read_json(run.latest_checkpoint() / "state.json")
    except (GaussrepError, OSError, ValueError):
        return {}
    items = content.items() if isinstance(content, dict) else ()
    return {name: value for name, value in items if isinstance(value, int)}


def _read_metrics(run: RunFolder) -> list[dict[str, float]]:
    """Read the numbers of each row; none if there is no table, or a damaged one."""
    try:
        rows = read_rows(run.metrics_file)[1] if run.metrics_file.exists() else []
    except GaussrepError:
        return []
    return [{name: float(text) for name, text in row.items() if text} for row in rows]


def _lives(owner: Owner, folder: Path) -> bool:
    """Whether the process that owns a folder is alive; assumed on another machine."""
    if owner.host != socket.gethostname():
        return True
    try:
        process = psutil.Process(owner.pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return process.create_time() <= (folder / OWNER).stat().st_mtime
    except (psutil.NoSuchProcess, FileNotFoundError):
        return False


def _seconds_left(
    rows: list[dict[str, float]], progress: dict[str, int], step: int
) -> float | None:
    recent = [row.get("samples_per_second", 0.0) for row in rows[-RECENT:]]
    speeds = [speed for speed in recent if speed > 0]
    if not speeds or not {"steps", "samples_per_step"} <= progress.keys():
        return None
    return (progress["steps"] - step) * progress["samples_per_step"] / statistics.median(speeds)
