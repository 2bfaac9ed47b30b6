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
from gaussrep.errors import GaussrepError
from gaussrep.fitting.losses import compute_image_metrics
from gaussrep.formats.by_suffix import load, save
from gaussrep.gaussians import Gaussians
from gaussrep.runtime.atomic_files import write_json
from gaussrep.sh import from_rgb
from harness.processor import processor_seconds
from harness.report import describe_origin

COUNT = 1_000_000
"""Gaussians of the largest scene."""
JITTER = 0.01
"""Standard deviation of what is added to its centers, in scene units, and to its colors."""
OUT = Path(__file__).parent / "results" / "sog-speed.json"
DEFINITIONS = {
    "garden": "138,766 points of a real garden with plain colors, standard deviations even in 0 "
    "to 0.02, random orientations, opacities even in 0 to 1; three views",
    "garden, SH": "every eighth of them with harmonics of degree 3: a fixed random linear map of "
    "color and place, and noise of a tenth of its deviation",
    "garden, million": "1,000,000 Gaussians at points of the garden, each drawn evenly; normal "
    f"noise of {JITTER} on centers and colors; the rest as in garden",
    "PLY to PLY": "the same program without SOG: start, reading and checks",
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


def enlarge(scene: Gaussians) -> Gaussians:
    """Draw a scene of `COUNT` Gaussians around those of another."""
    assert scene.colors is not None
    generator = torch.Generator().manual_seed(0)
    drawn = torch.randint(scene.count, (COUNT,), generator=generator)

    def noise(columns: int) -> torch.Tensor:
        return JITTER * torch.randn(COUNT, columns, generator=generator)

    return Gaussians(
        means=scene.means[drawn] + noise(3),
        quats=torch.randn(COUNT, 4, generator=generator),
        scales=scene.scales.max() * torch.rand(COUNT, 3, generator=generator).clamp_min(1e-6),
        opacities=torch.rand(COUNT, generator=generator),
        colors=(scene.colors[drawn] + noise(3)).clamp(0, 1),
    )


def run_program(command: list[str | Path]) -> Spent:
    before, clock = processor_seconds(), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return Spent(processor_seconds() - before, time.perf_counter() - clock)


def measure(shown: Shown, program: SplatTransform, repeats: int) -> list[dict[str, Any]]:
    with TemporaryDirectory() as folder:
        source, sog, ply = (Path(folder) / name for name in ("in.ply", "out.sog", "out.ply"))
        save(shown.gaussians, source)
        truth = shown.draw(load(source))
        programs: dict[str, list[str | Path]] = {
            "gaussrep": [sys.executable, "-m", "gaussrep", "convert"],
            program.name: [program.path, "-w", "-q", "-g", "cpu"],
        }
        tasks = {name: (command, sog) for name, command in programs.items()}
        tasks |= {f"{name}, PLY to PLY": (command, ply) for name, command in programs.items()}
        spent: dict[str, list[Spent]] = {name: [] for name in tasks}
        kept = {}
        for _ in range(repeats):
            for name, (command, target) in tasks.items():
                spent[name].append(run_program([*command, source, target]))
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
    scenes = [
        plain,
        replace(plain, name="garden, SH", gaussians=few),
        replace(plain, name="garden, million", gaussians=enlarge(plain.gaussians)),
    ]
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
