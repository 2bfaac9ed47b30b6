"""A small world: a colored floor, z up, seen by cameras above it."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from gaussrep.cameras import Cameras
from gaussrep.data.scenes.frames import RGBDFrame
from gaussrep.data.scenes.scannet.write import write_scene
from gaussrep.data.scenes.scene import PointCloud

HEIGHT, WIDTH = 24, 32
UP = torch.tensor([0.0, 0.0, 1.0])


def floor_colors(x, y):
    """Color of the floor, smooth in meters."""
    return np.stack([0.5 + 0.2 * x, 0.5 + 0.2 * y, 0.5 + 0 * x], axis=-1)


def make_cloud(count=60, seed=0, classes=20):
    rng = np.random.default_rng(seed)
    points = np.concatenate([rng.uniform(-1, 1, (count, 2)), np.zeros((count, 1))], axis=1)
    colors = np.round(floor_colors(points[:, 0], points[:, 1]) * 255) / 255
    return PointCloud(
        torch.from_numpy(points).float(),
        torch.from_numpy(colors).float(),
        UP.expand(count, 3).clone(),
        torch.arange(count) % (classes + 1) - 1,
        torch.arange(count) // 10 - 1,
    )


def make_frame(eye, height=HEIGHT, width=WIDTH):
    """What a camera at `eye` that looks at the origin sees of the floor."""
    camera = Cameras.look_at(torch.tensor([eye]), torch.zeros(3), UP, width=width, height=height)
    viewmat, K = camera.viewmats[0].double().numpy(), camera.Ks[0].double().numpy()
    rows, columns = np.mgrid[:height, :width] + 0.5
    local = np.stack([(columns - K[0, 2]) / K[0, 0], (rows - K[1, 2]) / K[1, 1], 1 + 0 * rows], -1)
    pose = np.linalg.inv(viewmat)
    rays = local @ pose[:3, :3].T
    depth = np.where(rays[..., 2] < -1e-6, -pose[2, 3] / rays[..., 2], 0)
    hits = pose[:3, 3] + depth[..., None] * rays
    image = (floor_colors(hits[..., 0], hits[..., 1]).clip(0, 1) * 255).round().astype(np.uint8)
    return RGBDFrame(image, depth.astype(np.float32), viewmat.astype(np.float32), K), K


EYES = [(0.3 * turn, -1.5, 1.5) for turn in range(6)]


@pytest.fixture
def world():
    """Functions that make clouds and frames."""
    return SimpleNamespace(cloud=make_cloud, frame=make_frame, eyes=EYES, colors=floor_colors)


@pytest.fixture
def scannet_root(tmp_path):
    """A data set in the ScanNet layout: three scenes to train on, one to validate."""
    made = [make_frame(eye) for eye in EYES]
    frames, K = [frame for frame, _ in made], made[0][1]
    for number, name in enumerate(("scene0000_00", "scene0001_00", "scene0002_00", "scene0011_00")):
        split = "val" if name == "scene0011_00" else "train"
        write_scene(tmp_path, split, name, make_cloud(60 + number, number), frames, K)
    return tmp_path
