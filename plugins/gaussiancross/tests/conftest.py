import sys
from pathlib import Path

import pytest
import torch

from gaussrep.building import build
from gaussrep.cameras import Cameras
from gaussrep.config import resolve
from gaussrep.plugins import registry

TOY = Path(__file__).parent / "toy"
UP = torch.tensor([0.0, 0.0, 1.0])


def points_of(scene, count):
    """Points on the floor and two walls of a room of 4 x 3 x 2 m that starts at (scene, 0, 0)."""
    generator = torch.Generator().manual_seed(scene)
    points = torch.rand(count, 3, generator=generator) * torch.tensor([4.0, 3.0, 2.0])
    normals = torch.zeros(count, 3)
    for axis, chosen in ((2, slice(0, None, 3)), (0, slice(1, None, 3)), (1, slice(2, None, 3))):
        points[chosen, axis] = 0.0
        normals[chosen, axis] = 1.0
    colors = torch.where(normals.bool(), 0.8, 0.2)
    return points + torch.tensor([float(scene), 0, 0]), colors, normals


def views_of(scene, count, size):
    target = torch.tensor([scene + 0.5, 0.5, 0.5])
    eyes = target + torch.tensor([[6.0, 5.0, 2.0], [5.0, 5.5, 2.4], [6.5, 4.0, 3.0]])[:count]
    return Cameras.look_at(eyes, target, UP, width=size[1], height=size[0])


@pytest.fixture
def rooms(monkeypatch):
    """The toy distribution, installed: scenes, an encoder of voxels, a method."""
    monkeypatch.syspath_prepend(str(TOY))
    registry.reset()
    yield
    registry.reset()
    for name in [name for name in sys.modules if name.startswith("gaussrep_toyrooms")]:
        del sys.modules[name]


@pytest.fixture
def make_batch():
    """Batches of small rooms as a data set of scenes collates them."""

    def make(scenes=2, points=900, views=2, size=(24, 32), scale=1.0):
        parts = [points_of(scene, points + 30 * scene) for scene in range(scenes)]
        positions, colors, normals = (torch.cat(each) for each in zip(*parts, strict=True))
        counts = torch.tensor([len(part[0]) for part in parts])
        batch = {
            "points": positions * scale,
            "colors": colors,
            "normals": normals,
            "labels": normals.argmax(-1),
            "instances": normals.argmax(-1),
            "scene": torch.arange(scenes).repeat_interleave(counts),
            "index": torch.arange(scenes),
            "skipped": torch.zeros(scenes, dtype=torch.int64),
        }
        if views:
            cameras = [views_of(scene, views, size) for scene in range(scenes)]
            viewmats = torch.stack([c.viewmats for c in cameras])
            viewmats[..., :3, 3] *= scale
            generator = torch.Generator().manual_seed(7)
            shape = (scenes, views, *size)
            batch |= {
                "images": torch.rand(scenes, views, 3, *size, generator=generator),
                "depths": scale * (5 + 4 * torch.rand(shape, generator=generator)),
                "viewmats": viewmats,
                "Ks": torch.stack([c.Ks for c in cameras]),
                "frames": torch.arange(views).expand(scenes, views),
            }
            batch["depths"][..., :2] = 0
        return batch

    return make


SMALL = {
    "backbone": {"type": "sparse-unet", "size": "tiny"},
    "grid_size": 0.1,
    "anchors": (8, 8, 4),
    "dense": {"widths": (8, 16), "out_channels": 16},
    "feature_channels": 4,
    "min_gaussians": 16,
    "renderer": "cpu",
}


@pytest.fixture
def make_method():
    """Methods small enough for a test, always with the same first weights."""

    def make(**settings):
        config = resolve("methods", {"type": "gaussiancross", **SMALL, **settings})
        torch.manual_seed(0)
        return build("methods", config)

    return make
