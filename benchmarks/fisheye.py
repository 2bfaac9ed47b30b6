"""Fit a room to images of a 160-degree fisheye, through its lens and undistorted, and write JSON.

python benchmarks/fisheye.py [--steps N] [--size PIXELS] [--seeds N] [--out FILE]
"""

import argparse
import statistics
import sys
import tempfile
from dataclasses import replace
from math import pi, radians
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gaussrep.cameras import Cameras
from gaussrep.config import load_config
from gaussrep.fitting import Capture, FitConfig, fit
from gaussrep.fitting.lens import Distortion, undistort
from gaussrep.fitting.losses import compute_image_metrics
from gaussrep.fitting.method import SceneFit
from gaussrep.fitting.posed_images import PosedImages
from gaussrep.gaussians import Gaussians
from gaussrep.rendering import render
from gaussrep.runtime.atomic_files import write_json
from gaussrep.training.checkpoint import load_run
from harness.report import describe_origin

OUT = Path(__file__).parent / "results" / "fisheye.json"
VIEWS, HOLD_OUT_EVERY = 20, 5
FIELD = 160.0
LENS = Distortion((0.02, -0.01, 0.003, 0.0), is_fisheye=True)
COUNT = 700
SETTINGS = [
    "renderer=cpu", "init.count=350", "strategy.type=mcmc", "strategy.max_gaussians=700",
    "tensorboard=false", "sh_degree=0",
]  # fmt: skip
DEFINITIONS = {
    "capture": f"a room of {COUNT} known Gaussians on its walls, {VIEWS} views from within in all "
    f"directions, {FIELD:g} degrees wide, every {HOLD_OUT_EVERY}th held out; both fits start from "
    "the same 350 points of the walls and use the renderer cpu",
    "lens": "fitted to the fisheye's pixels, rendered through its lens",
    "undistorted": "fitted to the same images, resampled to pinholes of the same camera matrix, "
    "109 degrees wide",
    "psnr": "mean over the held-out fisheye images, rendered through the lens, dB; gain is the "
    "median over seeds of the difference",
    "inner_psnr": "the same on the part that both saw, the held-out images resampled to pinholes, "
    "each through the camera that it was fitted with",
}


def room(rng: np.random.Generator) -> Gaussians:
    """Colored, flat Gaussians on the walls of a cube with a side of 4."""
    points = rng.uniform(-2, 2, (COUNT, 3))
    axis, side = rng.integers(0, 3, COUNT), rng.choice([-2.0, 2.0], COUNT)
    points[np.arange(COUNT), axis] = side
    scales = np.full((COUNT, 3), 0.22)
    scales[np.arange(COUNT), axis] = 0.02
    waves = np.sin(points @ rng.normal(size=(3, 3)) * 2.5)
    colors = 0.5 + 0.3 * waves + rng.uniform(-0.2, 0.2, (COUNT, 3))
    return Gaussians(
        means=torch.from_numpy(points).float(),
        quats=torch.eye(4)[:1].expand(COUNT, 4),
        scales=torch.from_numpy(scales).float(),
        opacities=torch.full((COUNT,), 0.95),
        colors=torch.from_numpy(colors.clip(0, 1)).float(),
    )


def fisheyes(rng: np.random.Generator, size: int) -> Cameras:
    """Cameras near the middle of the room that look in all directions."""
    eyes = torch.from_numpy(rng.uniform(-0.7, 0.7, (VIEWS, 3))).float()
    angle = 2 * pi * torch.arange(VIEWS) / VIEWS * 7  # the held-out ones look everywhere, too
    height = torch.from_numpy(rng.uniform(-0.5, 0.5, VIEWS)).float()
    targets = eyes + torch.stack([angle.cos(), angle.sin(), height], -1)
    up = torch.tensor([0.0, 0, 1])
    views = [
        Cameras.look_at(e[None], t, up, size, size) for e, t in zip(eyes, targets, strict=True)
    ]
    edge = radians(FIELD / 2)
    k1, k2, k3, k4 = LENS.coefficients
    radius = edge * (1 + k1 * edge**2 + k2 * edge**4 + k3 * edge**6 + k4 * edge**8)
    focal = size / 2 / radius
    K = torch.tensor([[focal, 0, size / 2], [0, focal, size / 2], [0, 0, 1]])
    return Cameras(
        torch.cat([view.viewmats for view in views]),
        K.expand(VIEWS, 3, 3),
        size,
        size,
        "fisheye",
        torch.tensor(LENS.coefficients).expand(VIEWS, 4),
    )


def pinholes(images: PosedImages) -> PosedImages:
    """Resample fisheye images as captures do where they undistort."""
    cameras = images.cameras
    K = cameras.Ks[0].double().numpy()
    colors = torch.stack([undistort(image, K, LENS) for image in images.colors])
    return PosedImages(colors, cameras.replace(model="pinhole", distortion=None))


def capture(seed: int, size: int) -> Capture:
    rng = np.random.default_rng(seed)
    scene, cameras = room(rng), fisheyes(rng, size)
    with torch.no_grad():
        colors = render(scene, cameras, "reference").color.clamp(0, 1)
    chosen = torch.from_numpy(rng.choice(COUNT, COUNT // 2, replace=False))
    found = Capture.split(PosedImages(colors, cameras), HOLD_OUT_EVERY)
    assert scene.colors is not None
    return replace(found, points=scene.means[chosen], colors=scene.colors[chosen])


def measure(captured: Capture, seed: int, steps: int) -> dict[str, float]:
    overrides = [*SETTINGS, f"steps={steps}", f"seed={seed}", f"evaluate_every={steps}"]
    config = load_config(FitConfig, {"data": {"path": "synthetic:balls"}}, [], overrides)
    with tempfile.TemporaryDirectory() as folder:
        result = fit(config, Path(folder) / "run", capture=captured)
        method = load_run(result.run)
    assert result.metrics is not None
    assert isinstance(method, SceneFit)
    assert captured.held_out is not None
    held_out = captured.held_out.read()
    inner = pinholes(held_out)
    with torch.no_grad():
        if captured.train.cameras.model == "fisheye":
            shown = method.fitter.render(held_out.cameras).rendering.color
            rendered = pinholes(replace(held_out, colors=shown)).colors
        else:
            rendered = method.fitter.render(inner.cameras).rendering.color
    return {
        "psnr": result.metrics.psnr,
        "ssim": result.metrics.ssim,
        "inner_psnr": compute_image_metrics(rendered, inner.colors).psnr,
        "gaussians": result.gaussians,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for seed in range(given.seeds):
        kept = capture(seed, given.size)
        runs = {"lens": kept, "undistorted": replace(kept, train=pinholes(kept.train.read()))}
        for name, captured in runs.items():
            rows.append({"run": name, "seed": seed, **measure(captured, seed, given.steps)})
            print(rows[-1], flush=True)
    gains = {
        key: statistics.median(
            lens[key] - other[key] for lens, other in zip(rows[::2], rows[1::2], strict=True)
        )
        for key in ("psnr", "inner_psnr")
    }
    settings = {"steps": given.steps, "size": given.size, "overrides": SETTINGS}
    content = {"definitions": DEFINITIONS, "settings": settings, "gain": gains}
    write_json({"origin": describe_origin(sys.argv), **content, "runs": rows}, given.out)


if __name__ == "__main__":
    main()
