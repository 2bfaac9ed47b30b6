"""Measure how long PLY to SOG takes, beside splat-transform, and what is lost.

npm install --prefix FOLDER @playcanvas/splat-transform@3.7.0
GAUSSREP_DATA=DATA python benchmarks/sog_speed.py --splat-transform FOLDER

Both are whole programs that convert one file on the CPU; they take turns. The garden of DATA is
needed; see harness/scenes.py.
"""

import argparse
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import torch

from decimation import Shown, SplatTransform, garden
from gaussrep.atomic_files import write_json
from gaussrep.errors import GaussrepError
from gaussrep.fitting.losses import compute_image_metrics
from gaussrep.formats.by_suffix import load, save
from gaussrep.gaussians import Gaussians
from gaussrep.sh import from_rgb
from harness.processor import processor_seconds
from harness.report import describe_origin

OUT = Path(__file__).parent / "results" / "sog-speed.json"
DEFINITIONS = {
    "garden": "138,766 points of a real garden with plain colors, standard deviations even in 0 "
    "to 0.02, random orientations, opacities even in 0 to 1; three views",
    "garden, SH": "every eighth of them with harmonics of degree 3: a fixed random linear map of "
    "color and place, and noise of a tenth of its deviation",
    "cpu": "processor seconds of the whole program, user and system, all threads, median",
    "seconds": "elapsed, median",
    "psnr": "images of the SOG scene against those of the PLY scene, renderer cpu, mean of all "
    "views, dB",
}


@dataclass(frozen=True)
class Spent:
    """What one run took."""

    cpu: float
    seconds: float


def with_harmonics(scene: Gaussians) -> Gaussians:
    assert scene.colors is not None
    generator = torch.Generator().manual_seed(0)
    known = torch.cat([scene.colors, scene.means], dim=1)
    known = (known - known.mean(0)) / known.std(0)
    higher = known @ torch.randn(known.shape[1], 45, generator=generator) * 0.03
    higher += 0.1 * higher.std() * torch.randn(higher.shape, generator=generator)
    sh = torch.cat([from_rgb(scene.colors), higher.view(-1, 15, 3)], dim=1)
    return scene.replace(colors=None, sh=sh)


def run_program(command: list[str | Path]) -> Spent:
    before, clock = processor_seconds(), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return Spent(processor_seconds() - before, time.perf_counter() - clock)


def measure(shown: Shown, program: SplatTransform, repeats: int) -> list[dict[str, Any]]:
    with TemporaryDirectory() as folder:
        source, target = Path(folder) / "in.ply", Path(folder) / "out.sog"
        save(shown.gaussians, source)
        truth = shown.draw(load(source))
        commands: dict[str, list[str | Path]] = {
            "gaussrep": [sys.executable, "-m", "gaussrep", "convert", source, target],
            program.name: [program.path, "-w", "-q", "-g", "cpu", source, target],
        }
        spent: dict[str, list[Spent]] = {name: [] for name in commands}
        kept = {}
        for _ in range(repeats):
            for name, command in commands.items():
                spent[name].append(run_program(command))
                kept[name] = {
                    "bytes": target.stat().st_size,
                    "psnr": round(compute_image_metrics(shown.draw(load(target)), truth).psnr, 2),
                }
                target.unlink()
    return [
        {
            "scene": shown.name,
            "gaussians": shown.gaussians.count,
            "program": name,
            "cpu": round(median(run.cpu for run in runs), 2),
            "seconds": round(median(run.seconds for run in runs), 2),
            **kept[name],
        }
        for name, runs in spent.items()
    ]


def run(modules: Path, repeats: int, out: Path) -> None:
    plain, program = garden(), SplatTransform(modules)
    few = with_harmonics(plain.gaussians[::8])
    scenes = [plain, replace(plain, name="garden, SH", gaussians=few)]
    results = []
    for shown in scenes:
        for row in measure(shown, program, repeats):
            print(row, flush=True)
            results.append(row)
    origin = describe_origin(["python", "benchmarks/sog_speed.py", "--splat-transform", "FOLDER"])
    write_json({**origin, "definitions": DEFINITIONS, "repeats": repeats, "results": results}, out)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Time writing SOG files.")
    parser.add_argument(
        "--splat-transform", type=Path, required=True, help="folder given to `npm --prefix`"
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    try:
        run(given.splat_transform, given.repeats, given.out)
    except (GaussrepError, OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"error: {error}")
