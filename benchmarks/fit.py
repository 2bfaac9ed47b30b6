"""Fit scenes with both strategies, and write JSON and images of the held-out views.

python benchmarks/fit.py [--room FOLDER] [--scene NAME]... [--strategy NAME]... [--steps N]
                         [--seeds N,N,N] [--out FILE] [--images FOLDER] [KEY=VALUE]...
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from gaussrep.config import load_config
from gaussrep.data.image_files import write_png
from gaussrep.errors import GaussrepError
from gaussrep.fitting import fit
from gaussrep.fitting.capture import Capture, open_capture
from gaussrep.fitting.config import FitConfig
from gaussrep.fitting.method import SceneFit
from gaussrep.methods import Method
from gaussrep.metrics import psnr
from gaussrep.runtime.atomic_files import write_json
from gaussrep.training.callback import Row
from gaussrep.training.callbacks import read_rows
from gaussrep.training.checkpoint import load_run
from harness.options import counts
from harness.report import describe_origin

OUT = Path(__file__).parent / "results" / "fit.json"
SCENES: dict[str, dict[str, Any]] = {
    "synthetic": {"init": {"count": 1000}, "strategy": {"max_gaussians": 4000}, "steps": 5000},
    "room": {
        "init": {"count": 8000},
        "strategy": {"max_gaussians": 12_000},
        "steps": 3000,
        "calibrate": True,
    },
}
SHOWN = 4
DEFINITIONS = {
    "synthetic": "60 views of known Gaussians at 128 x 128, every tenth held out, random start",
    "room": "posed RGB-D frames at 160 x 120, every tenth held out, from points fused of the rest; "
    "one correction of the lens for all cameras is learned from the views that are not held out",
    "psnr": "mean over the held-out views, dB",
    "mean_color_psnr": "the same of images in the mean color of the views that are not held out",
    "seconds": "of the whole fit, measurements on held-out views included, by the clock; the "
    "machine may have had other work",
    "processor_seconds": "the same, of this process alone, summed over its threads",
}


def settings(scene: str, strategy: str, room: Path | None, steps: int | None) -> dict[str, Any]:
    chosen = SCENES[scene]
    path = "synthetic:balls" if scene == "synthetic" else str(room)
    return {
        **chosen,
        "data": {"path": path, "image_size": 160},
        "strategy": {**chosen["strategy"], "type": strategy},
        "steps": steps or chosen["steps"],
    }


def measure(capture: Capture, config: FitConfig, images: Path | None) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        before = time.process_time()
        result = fit(config, Path(folder) / "run", capture=capture)
        spent = time.process_time() - before
        if images is not None:
            write_sheet(capture, result.run, images)
        assert result.metrics is not None
        return {
            "psnr": result.metrics.psnr,
            "mean_color_psnr": mean_color_psnr(capture, load_run(result.run)),
            "ssim": result.metrics.ssim,
            "gaussians": result.gaussians,
            "steps": result.steps,
            "seconds": result.seconds,
            "processor_seconds": spent,
            "threads": torch.get_num_threads(),
            "curve": curve(result.run),
        }


def mean_color_psnr(capture: Capture, method: Method) -> float:
    """PSNR of held-out views in the mean color of the others, over the background of the fit."""
    assert isinstance(method, SceneFit)
    assert capture.held_out is not None
    background = method.fitter.background
    seen, truth = (part.read().over(background) for part in (capture.train, capture.held_out))
    color = seen.mean((0, 1, 2)).expand_as(truth[0])
    return statistics.mean(float(psnr(color, view)) for view in truth)


def curve(run: Path) -> list[Row]:
    rows = [row for row in read_rows(run / "metrics.csv")[1] if row["val_psnr"]]
    return [{"step": int(row["step"]), "psnr": float(row["val_psnr"])} for row in rows]


def write_sheet(capture: Capture, run: Path, file: Path) -> None:
    """Truth above, fit below."""
    method = load_run(run)
    assert isinstance(method, SceneFit)
    assert capture.held_out is not None
    shown = capture.held_out[:SHOWN].read()
    with torch.no_grad():
        views = method.fitter.render(shown.cameras)
    both = torch.stack([shown.over(views.background), views.rendering.color.clamp(0, 1)])
    sheet = (both * 255).round().byte().permute(0, 2, 1, 3, 4).flatten(2, 3).flatten(0, 1)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_png(sheet.numpy(), file)


def run(given: argparse.Namespace) -> None:
    content = describe_origin(["benchmarks/fit.py"]) | {"definitions": DEFINITIONS, "rows": []}
    for scene in given.scene or (["synthetic", "room"] if given.room else ["synthetic"]):
        for strategy in given.strategy or ["default", "mcmc"]:
            for seed in counts("--seeds", given.seeds, least=0):
                layer = settings(scene, strategy, given.room, given.steps) | {"seed": seed}
                config = load_config(FitConfig, layer, [], given.overrides)
                sheet = given.images and given.images / f"{scene}-{strategy}-{seed}.png"
                row = measure(open_capture(config.data), config, sheet)
                label = {"scene": scene, "strategy": strategy, "seed": seed}
                print(label, {k: v for k, v in row.items() if k != "curve"}, flush=True)
                kept = config.model_dump(mode="json", exclude={"data"})
                content["rows"].append({**label, **row, "config": kept})
                write_json(content, given.out)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Fit scenes with both strategies.")
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE")
    parser.add_argument("--room", type=Path, help="folder of an RGB-D recording")
    parser.add_argument("--scene", action="append", choices=list(SCENES))
    parser.add_argument("--strategy", action="append", choices=["default", "mcmc"])
    parser.add_argument("--steps", type=int)
    parser.add_argument("--seeds", default="0,1,2", help="one fit of each row per seed")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--images", type=Path, help="folder for PNGs: truth above, fit below")
    arguments = parser.parse_args()
    try:
        run(arguments)
    except GaussrepError as error:
        sys.exit(f"error: {error}")
