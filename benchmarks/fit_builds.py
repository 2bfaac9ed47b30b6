"""Time the steps and the start of `gaussrep fit` in two checkouts, by turns.

python benchmarks/fit_builds.py BEFORE [--room FOLDER] [--scene NAME]... [--threads N]...
                                [--turns N] [--steps N] [--out FILE]

BEFORE is the folder of an older checkout; it is compared with the checkout of this script. FOLDER
is an RGB-D recording. Needs Linux.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from busy import Build, count_steps, prepare, processor_seconds
from gaussrep.runtime.atomic_files import write_json
from harness.report import describe_origin
from same_numbers import commit

AFTER = Path(__file__).parents[1]
OUT = Path(__file__).parent / "results" / "fit-builds.json"
LOG_EVERY, POLL_S = 50, 0.01
SETTINGS = {
    "balls": ("init.count=1000", "strategy.max_gaussians=4000"),
    "room": (
        "data.image_size=160",
        "init.count=8000",
        "strategy.max_gaussians=12000",
        "calibrate=true",
    ),
}
OLDER = {
    "init.count": "start.count",
    "strategy.max_gaussians": "strategy.most",
    "data.image_size": "data.size",
}
"""What settings were called when `gaussrep fit` had a trainer of its own."""
METRICS = ("metrics.json", "fidelity.json")
"""The file of the last measurement, and what it was called then."""
DEFINITIONS = {
    "balls": "synthetic:balls, 60 views of 128 x 128 pixels, at most 4,000 Gaussians",
    "room": "100 RGB-D frames at 160 x 120 pixels, at most 12,000 Gaussians, calibrate=true",
    "step": "of the last three fifths of a fit, in which the number of Gaussians is nearly full, "
    "measurements on held-out views and checkpoints included: milliseconds by the clock, and "
    "processor time of the process and all its threads",
    "start": "seconds from the start of the process to the row of its first step, the kernels "
    "being compiled already: by the clock, and of processor time",
    "psnr": "on the held-out views after the last step, dB",
    "builds": "old: the older checkout; new: this one. They take turns, in another order in each",
    "ratios": "old over new within a turn; medians over the turns",
    "load": "processes that ran or waited, average of the last minute before the fit",
}


@dataclass(frozen=True)
class Mark:
    """What a process had done when a row of its metrics appeared.

    Args:
        step: Steps made.
        clock: Seconds since the process was started.
        processor: Its processor time in seconds.
    """

    step: int
    clock: float
    processor: float


def arguments(checkout: Path, scene: str, room: Path | None) -> list[str]:
    """The command line of a fit, with the names of settings that the checkout knows."""
    is_older = not (checkout / "gaussrep" / "fitting" / "initialization.py").exists()
    settings = [each.split("=") for each in SETTINGS[scene]]
    named = [f"{OLDER.get(name, name) if is_older else name}={value}" for name, value in settings]
    path = "synthetic:balls" if room is None or scene == "balls" else str(room.resolve())
    return ["fit", path, *named, f"log_every={LOG_EVERY}"]


def fit(build: Build, command: Sequence[str], threads: int) -> dict[str, Any]:
    """Run a fit, and look up its processor time at each row of its metrics."""
    run = Path(tempfile.mkdtemp(dir=build.folder)) / "run"
    load = round(os.getloadavg()[0], 2)
    marks = list[Mark]()
    with (build.folder / "log.txt").open("wb") as log:
        begun = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "gaussrep", *command, "--run", str(run)],
            cwd=build.folder / "work",
            env=build.variables | {"OMP_NUM_THREADS": str(threads)},
            stdout=log, stderr=log,
        )  # fmt: skip
        try:
            while process.poll() is None:
                rows = count_steps(run / "metrics.csv")
                if rows > len(marks):
                    step = 1 if rows == 1 else (rows - 1) * LOG_EVERY
                    spent = processor_seconds(process.pid)
                    marks += [Mark(step, time.monotonic() - begun, spent)] * (rows - len(marks))
                time.sleep(POLL_S)
        finally:
            process.kill()
            process.wait()
    if process.returncode:
        sys.exit(f"error: {(build.folder / 'log.txt').read_text(encoding='utf-8')[-2000:]}")
    metrics = next(run / name for name in METRICS if (run / name).exists())
    psnr = json.loads(metrics.read_text(encoding="utf-8"))["psnr"]
    return {"load": load, **summarize(marks), "psnr": round(psnr, 3)}


def summarize(marks: Sequence[Mark]) -> dict[str, Any]:
    """Times of the start, and of a step in the last three fifths."""
    first, last = marks[0], marks[-1]
    since = next(mark for mark in marks if mark.step >= 0.4 * last.step)
    steps = last.step - since.step
    return {
        "start_s": round(first.clock, 3),
        "start_processor_s": round(first.processor, 3),
        "step_ms": round(1e3 * (last.clock - since.clock) / steps, 3),
        "step_processor_ms": round(1e3 * (last.processor - since.processor) / steps, 3),
    }


def compare(turns: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Medians of both builds, and of the ratios within each turn."""
    names = [name for name in turns[0]["old"] if name != "load"]
    found: dict[str, Any] = {
        build: {name: statistics.median(turn[build][name] for turn in turns) for name in names}
        for build in ("old", "new")
    }
    found["ratios"] = {
        name: round(statistics.median(turn["old"][name] / turn["new"][name] for turn in turns), 3)
        for name in names
        if name != "psnr"
    }
    return found


def run(given: argparse.Namespace) -> None:
    scenes = given.scene or (["balls", "room"] if given.room else ["balls"])
    results = dict[str, Any]()
    content = describe_origin(sys.argv) | {
        "definitions": DEFINITIONS,
        "before": commit(given.before),
        "steps": given.steps,
        "results": results,
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        builds = [prepare("old", given.before, folder), prepare("new", AFTER, folder)]
        length = f"steps={given.steps}"
        for scene in scenes:
            commands = {
                name: arguments(checkout, scene, given.room)
                for name, checkout in (("old", given.before), ("new", AFTER))
            }
            for each in builds:  # compiles the kernels, and fuses the points
                fit(each, [*commands[each.name], f"steps={4 * LOG_EVERY}"], 1)
            for threads in given.threads or [1, 2]:
                turns = list[dict[str, Any]]()
                for turn in range(given.turns):
                    order = builds if turn % 2 == 0 else builds[::-1]
                    turns.append(
                        {
                            each.name: fit(each, [*commands[each.name], length], threads)
                            for each in order
                        }
                    )
                    case = f"{scene}, {threads} thread{'s' if threads > 1 else ''}"
                    results[case] = {"medians": compare(turns), "turns": turns}
                    print(case, turn + 1, json.dumps(results[case]["medians"]), flush=True)
                    write_json(content, given.out)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Time the fits of two checkouts.")
    parser.add_argument("before", type=Path, help="folder of the older checkout")
    parser.add_argument("--room", type=Path, help="folder of an RGB-D recording")
    parser.add_argument("--scene", action="append", choices=list(SETTINGS))
    parser.add_argument("--threads", action="append", type=int)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--out", type=Path, default=OUT)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # ends the processes
    run(parser.parse_args())
