"""A tiny scene to fit: twelve Gaussians, eleven views of 16 x 16 pixels."""

import numpy as np
import pytest
import torch

from gaussrep.cameras import Cameras
from gaussrep.config import load_config
from gaussrep.data.scenes.frames import write_color_image, write_depth
from gaussrep.fitting.capture import Capture
from gaussrep.fitting.config import FitConfig
from gaussrep.fitting.posed_images import PosedImages
from gaussrep.gaussians import Gaussians
from gaussrep.rendering import render

TINY = {
    "data": {"path": "synthetic:balls"},
    "steps": 60,
    "init": {"count": 20, "scale": 0.3},
    "strategy": {"type": "mcmc", "max_gaussians": 30, "refine_every": 10},
    "learning_rates": {"means": 2e-3, "means_end": 2e-4, "scales": 2e-2, "sh0": 2e-2},
    "sh_degree": 1,
    "evaluate_every": 30,
    "checkpoint_every": 20,
    "log_every": 10,
}


@pytest.fixture
def tiny_config():
    """A fit of 60 steps, changed by dotted.key=value arguments."""
    return lambda *overrides: load_config(FitConfig, TINY, [], overrides)


@pytest.fixture
def tiny_scene():
    """Twelve Gaussians of about unit extent."""
    generator = torch.Generator().manual_seed(3)
    return Gaussians(
        means=torch.rand(12, 3, generator=generator) - 0.5,
        quats=torch.randn(12, 4, generator=generator),
        scales=torch.rand(12, 3, generator=generator) * 0.1 + 0.08,
        opacities=torch.rand(12, generator=generator) * 0.3 + 0.65,
        colors=torch.rand(12, 3, generator=generator),
    )


@pytest.fixture
def ring():
    """Eleven cameras around the source_index."""
    angle = torch.arange(11) * 2.4
    eyes = torch.stack([2.5 * angle.cos(), 2.5 * angle.sin(), 0.5 + 0.1 * angle], -1)
    return Cameras.look_at(eyes, torch.zeros(3), torch.tensor([0.0, 0, 1]), 16, 16, 40.0)


@pytest.fixture
def tiny_capture(tiny_scene, ring):
    """Its images; one is held out."""
    seen = render(tiny_scene, ring)
    return Capture.split(PosedImages(seen.color, ring, seen.alpha, seen.depth), 10)


@pytest.fixture
def recording(tmp_path):
    """Five frames, 32 x 24, of a gray wall 0.3 meters ahead."""
    frames = tmp_path / "room" / "frames"
    frames.mkdir(parents=True)
    K = np.array([[30.0, 0, 15.5], [0, 30, 11.5], [0, 0, 1]])
    np.savetxt(tmp_path / "room" / "camera-intrinsics.txt", K)
    for number in range(5):
        stem = f"frame-{number:06}"
        up, eye = torch.tensor([0.0, 0, 1]), torch.tensor([[0.1 * number, 0.0, 0.0]])
        camera = Cameras.look_at(eye, eye[0] + torch.tensor([0.0, 2, 0]), up, 32, 24)
        pose = np.linalg.inv(camera.viewmats[0].double().numpy())
        np.savetxt(frames / f"{stem}.pose.txt", pose)
        write_color_image(np.full((24, 32, 3), 40 * number, np.uint8), frames / f"{stem}.color.jpg")
        write_depth(np.full((24, 32), 0.3, np.float32), frames / f"{stem}.depth.png")
    return tmp_path / "room"
