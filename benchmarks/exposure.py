"""Fit a scene whose views differ in exposure, with and without learned exposures, and write JSON.

python benchmarks/exposure.py [--steps N] [--size PIXELS] [--seeds N] [--out FILE]
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from gaussrep.config import load_config
from gaussrep.fitting import Capture, FitConfig, fit
from gaussrep.fitting.method import SceneFit
from gaussrep.fitting.synthetic import synthetic_capture
from gaussrep.rendering import render
from gaussrep.runtime.atomic_files import write_json
from gaussrep.training.checkpoint import load_run
from harness.report import describe_origin

OUT = Path(__file__).parent / "results" / "exposure.json"
STOPS = 0.5
SETTINGS = ["init.count=600", "strategy.max_gaussians=1500", "tensorboard=false"]
DEFINITIONS = {
    "capture": "synthetic:balls, 60 views, every tenth held out; held-out views are clean",
    "noise": "factors 2 ** s on the colors of the fitted views, s uniform in ±0.5 and then shifted "
    "to a mean of zero, since a common exposure is that of the scene",
    "psnr": "mean over the held-out views, dB; change is the median over seeds of the difference "
    "from clean",
    "cast": "largest over red, green and blue of the absolute mean error of a channel over the "
    "held-out images, in units of the range of colors",
}


def exposed(capture: Capture, seed: int) -> Capture:
    """Multiply the fitted images by random factors."""
    generator = torch.Generator().manual_seed(seed)
    stops = STOPS * (2 * torch.rand(capture.train.count, generator=generator) - 1)
    factors = 2 ** (stops - stops.mean())
    train = capture.train.read()
    colors = train.colors * factors[:, None, None, None]
    return replace(capture, train=replace(train, colors=colors))


def measure(capture: Capture, seed: int, steps: int, extra: list[str]) -> dict[str, float]:
    overrides = [*SETTINGS, f"steps={steps}", f"seed={seed}", f"evaluate_every={steps}", *extra]
    config = load_config(FitConfig, {"data": {"path": "synthetic:balls"}}, [], overrides)
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        with torch.enable_grad():
            result = fit(config, Path(folder) / "run", capture=capture)
        method = load_run(result.run)
        assert isinstance(method, SceneFit)
        held_out = capture.held_out
        assert held_out is not None
        assert result.metrics is not None
        images = render(method.scene.gaussians(), held_out.cameras).color.clamp(0, 1)
        cast = (images - held_out.read().colors).mean((0, 1, 2)).abs().max().item()
        return {"psnr": result.metrics.psnr, "cast": cast}


def rows(seeds: int, steps: int, size: int) -> Iterator[dict[str, Any]]:
    clean = synthetic_capture(size=size)
    learned = ["optimize.exposure=true"]
    for seed in range(seeds):
        noisy = exposed(clean, seed)
        runs = {
            "clean": (clean, []),
            "noisy": (noisy, []),
            "noisy, learned": (noisy, learned),
        }
        for name, (capture, extra) in runs.items():
            row = {"run": name, "seed": seed, **measure(capture, seed, steps, extra)}
            print(row, flush=True)
            yield row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    found = list(rows(given.seeds, given.steps, given.size))
    psnr = {(row["run"], row["seed"]): row["psnr"] for row in found}
    seeds = range(given.seeds)
    seeds = range(given.seeds)
    changes = {
        name: statistics.median(psnr[name, seed] - psnr["clean", seed] for seed in seeds)
        for name in dict.fromkeys(row["run"] for row in found)
    }
    settings = {"steps": given.steps, "size": given.size, "overrides": SETTINGS}
    content = {"definitions": DEFINITIONS, "settings": settings, "change": changes, "runs": found}
    write_json({"origin": describe_origin(sys.argv), **content}, given.out)


if __name__ == "__main__":
    main()
