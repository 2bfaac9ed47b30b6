"""Train in one, two and four processes, and in turns of them, and compare the numbers of all steps.

python benchmarks/processes.py WORK OUT.json [METHOD ...]

WORK gets the data sets and the runs; what is there already is kept. Sums in another order differ in
their last bits, which a training magnifies. How much it does is shown by a run of one process whose
first weights are changed by one part in ten million. The depth of a pixel of GaussianCross jumps
where its opacity falls below what renderers draw, so the learning rate of its runs is low.
"""

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from gaussrep.methods import Method
from gaussrep.training.config import train_config
from gaussrep.training.metrics_table import MACHINE_COLUMNS
from gaussrep.training.trainer import train as run_training
from harness.report import describe_origin

STEPS, EVERY = 20, 10
COUNTS = (1, 2, 4)
TURNS = ((8, 2), (14, 1), (STEPS, 4))
"""Last step and number of processes of each part of a run that is resumed twice."""
TOLERANCE = 1e-5
CHANGE = 1e-7
PRESET = "demo"

TRAINER = [
    *(f"trainer.evaluations_every={EVERY}", f"trainer.validate_every={EVERY}"),
    *("trainer.schedule.type=constant", "trainer.log_every=1", "trainer.device=cpu"),
    *("trainer.tensorboard=false", "trainer.epochs=null"),
]
IMAGES = [
    *("data=folders", "data.root={work}/images", "data.image_size=32", "method.image_size=32"),
    *("method.encoder.width=48", "method.encoder.depth=2", "method.decoder.width=48"),
    *("method.decoder.depth=2", "trainer.batch_size=6", "trainer.gradient_accumulation_steps=2"),
    *("evaluations.near.type=knn", "evaluations.probe.type=linear-probe"),
    *("evaluations.probe.epochs=5", "trainer.lr=3e-4"),
]
ROOMS = [
    *("data.root={work}/rooms", "data.views=2", "data.image_size=[24,32]", "data.max_points=3000"),
    *("method.grid_size=0.16", "method.anchors=[8,8,4]", "method.dense.widths=[8,16]"),
    *("method.dense.out_channels=16", "trainer.batch_size=5", "trainer.clip_grad=1"),
    *("evaluations.probe.type=semantic-probe", "evaluations.probe.baselines=false"),
    *("evaluations.probe.steps=20", "evaluations.probe.cached_points=500", "trainer.lr=2e-5"),
]
METHODS = {
    "gmae": [*IMAGES, "method.queries=64"],
    "mae": IMAGES,
    "gaussiancross": ROOMS,
}


def main(work: Path, out: Path, methods: list[str]) -> None:
    make_images(work / "images")
    if not (work / "rooms").exists():
        size = ["--height", "48", "--width", "64", "--frames", "6", "--points", "20000"]
        run(["make-rooms", str(work / "rooms"), "--scenes", "12", "--val", "3", *size])
    found = {method: compare(work, method) for method in methods or METHODS}
    origin = describe_origin(["benchmarks/processes.py", "WORK", "OUT.json", *methods])
    record = {**origin, "steps": STEPS, "tolerance": TOLERANCE, "methods": found}
    out.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    largest = 0.0
    for method, runs in found.items():
        for name, columns in runs.items():
            loss = max(columns["loss"], columns["val_loss"])
            largest = max(largest, loss if name != "1, changed" else 0)
            print(f"{method}, {name}: largest relative difference of a loss {loss:.1e}")
    sys.exit(largest > TOLERANCE)


def make_images(folder: Path) -> None:
    """Draw 48 images of stripes, in two classes, and 16 for validation."""
    rng = np.random.default_rng(0)
    for split, count in (("train", 24), ("val", 8)):
        for name, axis in (("across", 0), ("along", 1)):
            (folder / split / name).mkdir(parents=True, exist_ok=True)
            for number in range(count):
                wave = np.sin(np.arange(40) * rng.uniform(0.2, 0.9))[:, None, None]
                pixels = 127 + 60 * wave + rng.normal(0, 25, (40, 40, 3))
                image = np.moveaxis(pixels, 0, axis).clip(0, 255).astype(np.uint8)
                Image.fromarray(image).save(folder / split / name / f"{number}.png")


def compare(work: Path, method: str) -> dict[str, dict[str, float]]:
    """Return the largest relative difference of each column of the other runs to one process's."""
    runs = {str(count): train(work, method, count) for count in COUNTS}
    runs["2, 1, 4"] = train_in_turns(work, method)
    runs["1, changed"] = train_changed(work, method)
    wanted = rows(runs["1"])
    return {name: differences(rows(run), wanted) for name, run in runs.items() if name != "1"}


def train(work: Path, method: str, processes: int) -> Path:
    folder = work / f"{method}-{processes}"
    if not (folder / "finished.json").exists():
        run([*command(work, method, STEPS, folder), "--processes", str(processes), "--overwrite"])
    return folder


def train_in_turns(work: Path, method: str) -> Path:
    folder = work / f"{method}-turns"
    if not (folder / "finished.json").exists():
        for last, processes in TURNS:
            share = ["--processes", str(processes)]
            first = [*command(work, method, last, folder), *share, "--overwrite"]
            resume = ["train", "--resume", str(folder), f"trainer.steps={last}", *share]
            run(first if last == TURNS[0][0] else resume)
    return folder


def train_changed(work: Path, method: str) -> Path:
    folder = work / f"{method}-changed"

    def change(trained: Method) -> None:
        for weight in trained.parameters():
            weight.data.mul_(1 + CHANGE * torch.randn_like(weight))

    if not (folder / "finished.json").exists():
        settings = [*overrides(work, method), f"trainer.steps={STEPS}"]
        train_config_of = train_config(method, PRESET, overrides=settings)
        run_training(train_config_of, folder, overwrite=True, init_hook=change)
    return folder


def command(work: Path, method: str, steps: int, folder: Path) -> list[str]:
    last = f"trainer.steps={steps}"
    given = ["--preset", PRESET, *overrides(work, method), last, "--run", str(folder)]
    return ["train", method, *given]


def overrides(work: Path, method: str) -> list[str]:
    return [each.format(work=work) for each in [*METHODS[method], *TRAINER]]


def run(arguments: list[str]) -> None:
    subprocess.run([sys.executable, "-m", "gaussrep", *arguments], check=True)


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "metrics.csv").open(encoding="utf-8") as stream:
        return [row for row in csv.DictReader(stream) if int(row["step"]) <= STEPS]


def differences(found: list[dict[str, str]], wanted: list[dict[str, str]]) -> dict[str, float]:
    assert [row["step"] for row in found] == [row["step"] for row in wanted]
    result: dict[str, float] = {}
    for one, other in zip(found, wanted, strict=True):
        for name in one.keys() & other.keys() - MACHINE_COLUMNS:
            if one[name] and other[name]:
                a, b = float(one[name]), float(other[name])
                result[name] = max(result.get(name, 0.0), abs(a - b) / max(abs(b), 1e-30))
    return dict(sorted(result.items()))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
