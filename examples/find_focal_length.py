"""Recover the unknown focal length of eight images of a scanned scene while it is fitted.

python examples/find_focal_length.py OUT
"""

import sys
from dataclasses import replace
from pathlib import Path

import torch

import gaussrep as gr
from gaussrep.config import load_config
from gaussrep.fitting import Capture, FitConfig, known_scene, synthetic_capture

SETTINGS = [
    "optimize.intrinsics=true",
    "learning_rates.calibration=2e-3",
    "learning_rates.means_end=5e-5",
    "strategy.max_gaussians=500",
    "sh_degree=0",
    "tensorboard=false",
    "device=cpu",
]


def main(out: Path, guess: float = 1.15, steps: int = 1500, size: int = 64) -> float:
    """Fit with focal lengths `guess` times too long; return the learned over the right one."""
    images = synthetic_capture(views=8, size=size).train
    Ks = images.cameras.Ks.clone()
    Ks[:, (0, 1), (0, 1)] *= guess
    cameras = images.cameras.replace(Ks=Ks)
    scan = known_scene().means
    points = scan + 0.02 * torch.randn(scan.shape, generator=torch.Generator().manual_seed(0))
    gray = torch.full_like(points, 0.5)
    capture = Capture(replace(images, cameras=cameras), points=points, colors=gray)
    data = {"data": {"path": "synthetic:balls"}}
    config = load_config(FitConfig, data, [], [*SETTINGS, f"steps={steps}"])
    result = gr.fit(config, out / "run", capture=capture, overwrite=True)
    zoom = gr.load_run(result.run).calibration.facts()["zoom"]
    ratio = guess * sum(zoom) / 2
    right, found = images.cameras.Ks[0, 0, 0].item(), images.cameras.Ks[0, 0, 0].item() * ratio
    print(f"right {right:.1f} px, guessed {guess * right:.1f} px, found {found:.1f} px")
    return ratio


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
