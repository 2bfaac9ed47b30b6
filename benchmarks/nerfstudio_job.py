"""Calling `ns-train`, and what it leaves."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.processor import child_seconds

BIN = Path(sys.executable).parent
CURVE = "Eval Images Metrics Dict (all images)/psnr"
Flags = Sequence[str | int | float | Path]


@dataclass(frozen=True)
class Job:
    """One call of `ns-train`.

    Attributes:
        name: Name of the row.
        method: Name of the method.
        steps: Number of optimizer steps.
        flags: Settings of the method.
        parser: The data parser and its settings.
    """

    name: str
    method: str
    steps: int
    flags: Flags = ()
    parser: Flags = ()


def fit(job: Job, data: Path, seed: int, every: int, images: Path | None) -> dict[str, Any]:
    """Train, measure, and render the held-out views if a folder is given."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        began, before = time.perf_counter(), child_seconds()
        call(
            "ns-train", job.method, "--output-dir", out, "--experiment-name", "scene",
            "--timestamp", "run", "--max-num-iterations", job.steps, "--vis", "tensorboard",
            "--steps-per-save", job.steps, "--steps-per-eval-image", 0,
            "--steps-per-eval-all-images", every, "--logging.local-writer.enable", "False",
            "--machine.seed", seed,
            *job.flags, *(() if job.parser else ("--data", data)), *job.parser,
        )  # fmt: skip
        seconds, spent = time.perf_counter() - began, child_seconds() - before
        run = out / "scene" / job.method / "run"
        config = ("--load-config", run / "config.yml")
        call("ns-eval", *config, "--output-path", out / "scores.json")
        if images is not None:
            call(
                "ns-render", "dataset", *config, "--output-path", images,
                "--image-format", "png", "--rendered-output-names", *output_names(job),
            )  # fmt: skip
        scores = json.loads((out / "scores.json").read_text())["results"]
        return {
            "name": job.name,
            "method": job.method,
            "seed": seed,
            "steps": job.steps,
            "psnr": scores["psnr"],
            "ssim": scores["ssim"],
            "seconds": seconds,
            "processor_seconds": spent,
            "flags": ["RUN" if isinstance(flag, Path) else str(flag) for flag in job.flags],
            "curve": curve(run),
        }


def output_names(job: Job) -> list[str]:
    features = ["features"] if job.method == "gaussrep-features" else []
    return ["rgb", "gt-rgb", "depth", *features]


def call(*command: str | int | float | Path) -> None:
    program, *arguments = map(str, command)
    environment = {"OMP_NUM_THREADS": "1", **os.environ}
    done = subprocess.run(
        [BIN / program, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{program} {' '.join(arguments)} failed:\n{done.stdout[-3000:]}{done.stderr}")


def curve(run: Path) -> list[dict[str, float]]:
    from tensorboard.backend.event_processing.event_accumulator import (
        EventAccumulator,
    )

    events = EventAccumulator(str(run))
    events.Reload()
    if CURVE not in events.Tags()["scalars"]:
        return []
    return [{"step": each.step, "psnr": each.value} for each in events.Scalars(CURVE)]
