"""Fit scenes by `ns-train`, and write JSON; run it with the python of nerfstudio's environment.

python benchmarks/nerfstudio.py SUBJECT [--data FOLDER] [--run RUN] [--seeds N,N] [--out FILE]

`balls` and `room` are the scenes of benchmarks/fit.py; `features` is the room with features.
`cross` compares starts of one scene of `make-rooms`. `gpu` compares `gaussrep` with `splatfacto`,
and needs CUDA.
"""

import argparse
import sys
import tempfile
from itertools import product
from pathlib import Path
from typing import Any

from gaussrep.errors import GaussrepError
from gaussrep.fitting.posed_images import PosedImages
from gaussrep.fitting.synthetic import synthetic_capture
from gaussrep.fitting.transforms import write_transforms
from gaussrep.runtime.atomic_files import write_json
from harness.options import counts
from harness.report import describe_origin
from nerfstudio_job import Job, fit

RESULTS = Path(__file__).parent / "results"
DEFINITIONS = {
    "psnr": "mean over the held-out views, dB, by ns-eval",
    "seconds": "of ns-train by the clock, start and measurements included; the machine may have "
    "had other work",
    "processor_seconds": "the same, of the process alone, summed over its threads",
    "curve": "psnr on the held-out views after so many steps, as ns-train measured it",
}


def model(**settings: Any) -> list[Any]:
    flags: list[Any] = []
    for name, value in settings.items():
        flags += [f"--pipeline.model.{name.replace('_', '-')}", value]
    return flags


def write_balls(folder: Path) -> None:
    """All 60 views over black; nerfstudio renders no transparent images."""
    views = synthetic_capture(hold_out_every=61).train
    write_transforms(PosedImages(views.colors, views.cameras), folder, hold_out_every=10)


def balls(given: argparse.Namespace, folder: Path) -> tuple[Path, list[Job]]:
    write_balls(folder)
    flags = model(init="random", init_count=1000, max_gaussians=4000)
    return folder, [Job("gaussrep", "gaussrep", given.steps or 5000, flags)]


def room(given: argparse.Namespace, _: Path, method: str = "gaussrep") -> tuple[Path, list[Job]]:
    flags = model(init_count=8000, max_gaussians=12_000, calibrate=True)
    parser = ["gaussrep-rgbd", "--data", given.data, "--image-size", 160]
    return given.data, [Job(method, method, given.steps or 3000, flags, parser)]


def features(given: argparse.Namespace, folder: Path) -> tuple[Path, list[Job]]:
    return room(given, folder, "gaussrep-features")


def cross(given: argparse.Namespace, _: Path) -> tuple[Path, list[Job]]:
    parser = ["gaussrep-rgbd", "--data", given.data, "--scene", given.scene, "--hold-out-every", 6]
    steps = given.steps or 2000
    starts = {
        "random": ("gaussrep", model(init="random", init_count=given.count)),
        "points": ("gaussrep", model(init="points", init_count=given.count)),
        "gaussiancross": ("gaussrep-cross", model(init_run=given.run)),
    }
    # mcmc has no resets, which would dent the curves
    limit = model(strategy="mcmc", max_gaussians=given.most)
    jobs = [Job(name, m, steps, [*flags, *limit], parser) for name, (m, flags) in starts.items()]
    return given.data, jobs


def gpu(given: argparse.Namespace, folder: Path) -> tuple[Path, list[Job]]:
    data = given.data
    if data is None:
        write_balls(folder)
        data = folder
    steps = given.steps or 7000
    return data, [
        Job("gaussrep", "gaussrep", steps, model(init_count=50_000)),
        Job("gaussrep, mcmc", "gaussrep", steps, model(init_count=50_000, strategy="mcmc")),
        Job("splatfacto", "splatfacto", steps, model(background_color="black")),
    ]


SUBJECTS = {"balls": balls, "room": room, "features": features, "cross": cross, "gpu": gpu}


def main(given: argparse.Namespace) -> None:
    content = describe_origin(["benchmarks/nerfstudio.py", given.subject])
    content |= {"definitions": DEFINITIONS, "rows": []}
    with tempfile.TemporaryDirectory() as folder:
        data, jobs = SUBJECTS[given.subject](given, Path(folder))
        for seed, job in product(counts("--seeds", given.seeds, least=0), jobs):
            images = given.images / f"{job.name}-{seed}" if given.images else None
            row = fit(job, data, seed, given.every, images)
            print({key: value for key, value in row.items() if key != "curve"}, flush=True)
            content["rows"].append(row)
            write_json(content, given.out or RESULTS / f"nerfstudio-{given.subject}.json")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Fit scenes by ns-train.")
    parser.add_argument("subject", choices=list(SUBJECTS))
    parser.add_argument("--data", type=Path, help="the recording, rooms or transforms folder")
    parser.add_argument("--scene", default="scene0001_00", help="of the rooms, for cross")
    parser.add_argument("--run", type=Path, help="a run of gaussiancross, for cross")
    parser.add_argument("--count", type=int, default=4000, help="first Gaussians, for cross")
    parser.add_argument("--most", type=int, default=12_000, help="most Gaussians, for cross")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--seeds", default="0,1,2", help="one run of each row per seed")
    parser.add_argument("--every", type=int, default=500, help="steps between points of the curve")
    parser.add_argument("--images", type=Path, help="folder for rendered held-out views")
    parser.add_argument("--out", type=Path)
    try:
        main(parser.parse_args())
    except GaussrepError as error:
        sys.exit(f"error: {error}")
