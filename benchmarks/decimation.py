"""Measure what decimation loses: images of the decimated scenes against those of the whole scene.

npm install --prefix FOLDER @playcanvas/splat-transform@3.7.0
gaussrep fit ROOM data.image_size=160 steps=2000 --run RUN
GAUSSREP_DATA=DATA python benchmarks/decimation.py --fit RUN --splat-transform FOLDER [--out FILE]

The garden of DATA is needed; see harness/scenes.py. ROOM is `rgbd-room.tar` of DATA, unpacked.
splat-transform runs on the CPU. Threads are those of torch; set OMP_NUM_THREADS.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.editing import decimate
from gaussrep.errors import GaussrepError
from gaussrep.fitting.capture import open_capture
from gaussrep.fitting.capture_config import CaptureDatasetConfig
from gaussrep.fitting.losses import compute_image_metrics
from gaussrep.fitting.run_fit import open_fit
from gaussrep.formats.by_suffix import load, save
from gaussrep.gaussians import Gaussians
from gaussrep.rendering import render
from gaussrep.runtime.atomic_files import write_json
from harness.processor import processor_seconds
from harness.report import describe_origin
from harness.scenes import make_scene
from harness.workloads import WORKLOADS

OUT = Path(__file__).parent / "results" / "decimation.json"
SHARES = (0.5, 0.25, 0.1)
PACKAGE = "@playcanvas/splat-transform"
DEFINITIONS = {
    "garden": "138,766 points of a real garden with plain colors, standard deviations even in 0 "
    "to 0.02, random orientations, opacities even in 0 to 1; three views",
    "room": "a fit of 2,000 steps to 90 RGB-D frames at 160 x 120, SH of degree 3; ten held-out "
    "views",
    "dropping": "keep the largest products of opacity and area, the sum over the views along x, y "
    "and z",
    "psnr": "images of the decimated scene against those of the whole scene, renderer cpu, mean of "
    "all views, dB",
    "processor_seconds": "of one run, summed over threads; gaussrep's without reading and writing, "
    "kernels loaded before; splat-transform's is the whole program on the CPU",
}


@dataclass(frozen=True, eq=False)
class Shown:
    """A scene and its views.

    Args:
        name: Its name.
        gaussians: The whole scene.
        cameras: Views, [V].
    """

    name: str
    gaussians: Gaussians
    cameras: Cameras

    def draw(self, gaussians: Gaussians) -> Tensor:
        """Render other Gaussians in the same views."""
        gray = torch.full((3,), 0.5)
        return render(gaussians, self.cameras, renderer="cpu", background=gray).color.clamp(0, 1)


def garden() -> Shown:
    scene = make_scene(WORKLOADS["garden"])
    gaussians = Gaussians(**{name: tensor[0] for name, tensor in scene.gaussians.tensors()})
    cameras = scene.cameras
    return Shown(
        "garden", gaussians, cameras.replace(viewmats=cameras.viewmats[0], Ks=cameras.Ks[0])
    )


def room(run: Path) -> Shown:
    _, config = open_fit(run)
    assert isinstance(config.data, CaptureDatasetConfig)
    held_out = open_capture(config.data.capture).held_out
    assert held_out is not None
    return Shown("room", load(run / "scene.ply"), held_out.cameras)


def drop(scene: Gaussians, count: int) -> Gaussians:
    covariances = scene.covariances().double()
    areas = sum(
        covariances[:, view][:, :, view].det().clamp_min(0).sqrt()
        for view in ([0, 1], [0, 2], [1, 2])
    )
    weights = scene.opacities * areas
    return scene[weights.argsort(descending=True)[:count].sort().values]


class SplatTransform:
    """The program in a folder of node modules.

    Args:
        modules: The folder given to `npm install --prefix`.
    """

    def __init__(self, modules: Path) -> None:
        self.path = modules.resolve() / "node_modules" / ".bin" / "splat-transform"
        package = modules / "node_modules" / PACKAGE / "package.json"
        self.name = f"splat-transform {json.loads(package.read_text('utf-8'))['version']}"

    def decimate(self, option: str, scene: Gaussians, count: int) -> Gaussians:
        """Decimate a scene by way of PLY files."""
        with TemporaryDirectory() as folder:
            source, target = (str(Path(folder) / name) for name in ("in.ply", "out.ply"))
            save(scene, source)
            command = [self.path, "-w", "-q", "-g", "cpu", source, option, str(count), target]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            return load(target)


Decimation = Callable[[Gaussians, int], Gaussians]


def programs(modules: Path | None) -> Iterator[tuple[str, Decimation]]:
    yield "dropping", drop
    yield "gaussrep", decimate
    if modules is not None:
        program = SplatTransform(modules)
        for option in ("--decimate", "--decimate-adaptive"):
            yield (
                f"{program.name} {option}",
                lambda scene, count, option=option: program.decimate(option, scene, count),
            )


def measure(shown: Shown, modules: Path | None) -> Iterator[dict[str, Any]]:
    scene = shown.gaussians
    truth = shown.draw(scene)
    decimate(scene[:1000], 500)
    for share in SHARES:
        count = round(share * scene.count)
        for name, program in programs(modules):
            before, clock = processor_seconds(), time.perf_counter()
            left = program(scene, count)
            seconds = processor_seconds() - before
            yield {
                "scene": shown.name,
                "gaussians": scene.count,
                "program": name,
                "share": share,
                "left": left.count,
                "psnr": round(compute_image_metrics(shown.draw(left), truth).psnr, 2),
                "processor_seconds": round(seconds, 2),
                "seconds": round(time.perf_counter() - clock, 2),
            }


def run(fit: Path | None, modules: Path | None, out: Path) -> None:
    results: list[dict[str, Any]] = []
    for shown in [garden(), *([] if fit is None else [room(fit)])]:
        for row in measure(shown, modules):
            print(row, flush=True)
            results.append(row)
    command = ["benchmarks/decimation.py", "--fit", "RUN", "--splat-transform", "FOLDER"]
    origin = describe_origin(["python", *command])
    threads = torch.get_num_threads()
    write_json({**origin, "threads": threads, "definitions": DEFINITIONS, "results": results}, out)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Measure decimation.")
    parser.add_argument("--fit", type=Path, help="run of `gaussrep fit` on the room")
    parser.add_argument("--splat-transform", type=Path, help="folder given to `npm --prefix`")
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    try:
        run(given.fit, given.splat_transform, given.out)
    except (GaussrepError, OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"error: {error}")
