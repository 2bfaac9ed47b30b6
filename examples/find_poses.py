"""Recover the camera poses of twenty images of a scanned scene while it is fitted.

python examples/find_poses.py OUT

The poses are off by about a degree and 0.03 scene units, so that points of the scene appear 1.0
pixel from where they should in images of 64 pixels, on average; with the learned ones, 0.1 pixels.
"""

import sys
from dataclasses import replace
from math import radians
from pathlib import Path

import torch

import gaussrep as gr
from gaussrep.config import load_config
from gaussrep.fitting import Capture, FitConfig, known_scene, synthetic_capture

SETTINGS = [
    "optimize.poses=true",
    "learning_rates.poses=2e-3",
    "strategy.max_gaussians=500",
    "sh_degree=0",
    "tensorboard=false",
    "device=cpu",
]
SHIFT = 0.03


def main(out: Path, degrees: float = 1.0, steps: int = 3000, size: int = 64) -> tuple[float, float]:
    """Fit with poses off by `degrees`; return the reprojection error in pixels before and after."""
    images = synthetic_capture(views=20, size=size).train
    given = perturbed(images.cameras, radians(degrees))
    scan = known_scene().means
    points = scan + 0.02 * torch.randn(scan.shape, generator=torch.Generator().manual_seed(0))
    gray = torch.full_like(points, 0.5)
    capture = Capture(replace(images, cameras=given), points=points, colors=gray)
    data = {"data": {"path": "synthetic:balls"}}
    config = load_config(FitConfig, data, [], [*SETTINGS, f"steps={steps}"])
    result = gr.fit(config, out / "run", capture=capture, overwrite=True)
    with torch.no_grad():
        found = gr.load_run(result.run).fitter.correct(given, torch.arange(given.views))
    right = project(scan, images.cameras)
    before, after = (
        (project(scan, cameras) - right).norm(dim=-1).mean().item() for cameras in (given, found)
    )
    print(f"points of the scene are off by {before:.2f} px as given, {after:.2f} px as found")
    return before, after


def perturbed(cameras: gr.Cameras, angle: float) -> gr.Cameras:
    """Move each camera at random, all of them by zero on average."""
    generator = torch.Generator().manual_seed(1)
    turns, shifts = torch.randn(2, cameras.views, 3, generator=generator) / 3**0.5
    turns, shifts = angle * (turns - turns.mean(0)), SHIFT * (shifts - shifts.mean(0))
    motions = torch.eye(4).repeat(cameras.views, 1, 1)
    crossed = torch.linalg.cross(turns[:, :, None], torch.eye(3)[None], dim=1)
    motions[:, :3, :3] = torch.linalg.matrix_exp(crossed)
    motions[:, :3, 3] = shifts
    return cameras.replace(viewmats=motions @ cameras.viewmats)


def project(points: torch.Tensor, cameras: gr.Cameras) -> torch.Tensor:
    """Project points to the pixels of pinhole cameras, [V, N, 2]."""
    seen = points @ cameras.viewmats[:, :3, :3].mT + cameras.viewmats[:, None, :3, 3]
    pixels = seen @ cameras.Ks.mT
    return pixels[..., :2] / pixels[..., 2:]


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
