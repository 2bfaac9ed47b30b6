"""Small data sets on disk, for the contracts of capture formats and scene sources."""

import numpy as np
import pytest
import torch

from gaussrep.cameras import Cameras
from gaussrep.data.scenes.frames import RGBDFrame, write_color_image, write_depth
from gaussrep.data.scenes.scannet.write import write_scene
from gaussrep.data.scenes.scene import PointCloud

HEIGHT, WIDTH, DEPTH = 24, 32, 0.3
K = np.array([[30.0, 0, 16], [0, 30, 12], [0, 0, 1]])


def frames():
    """Five frames of a gray wall 0.3 meters ahead."""
    for number in range(5):
        eye = torch.tensor([[0.1 * number, 0.0, 0.0]])
        ahead, up = eye[0] + torch.tensor([0.0, 2, 0]), torch.tensor([0.0, 0, 1])
        viewmat = Cameras.look_at(eye, ahead, up, WIDTH, HEIGHT).viewmats[0].numpy()
        image = np.full((HEIGHT, WIDTH, 3), 40 * number, np.uint8)
        yield RGBDFrame(image, np.full((HEIGHT, WIDTH), DEPTH, np.float32), viewmat, K)


@pytest.fixture
def recording(tmp_path):
    """The folder of an RGB-D recording."""
    folder = tmp_path / "room"
    (folder / "frames").mkdir(parents=True)
    np.savetxt(folder / "camera-intrinsics.txt", K - [[0, 0, 0.5], [0, 0, 0.5], [0, 0, 0]])
    for number, frame in enumerate(frames()):
        stem = f"frame-{number:06}"
        pose = np.linalg.inv(frame.viewmat.astype(np.float64))
        np.savetxt(folder / "frames" / f"{stem}.pose.txt", pose)
        write_color_image(frame.image, folder / "frames" / f"{stem}.color.jpg")
        write_depth(frame.depth, folder / "frames" / f"{stem}.depth.png")
    return folder


@pytest.fixture
def scannet_root(tmp_path):
    """A data set of one scene in ScanNet's layout."""
    points = torch.rand(30, 3, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(30) % 21 - 1
    cloud = PointCloud(points, points, torch.eye(3)[2].expand(30, 3).clone(), labels, labels)
    write_scene(tmp_path, "train", "scene0000_00", cloud, list(frames()), K)
    return tmp_path


@pytest.fixture
def s3dis_root(tmp_path):
    """One room per area in S3DIS's layout."""
    for area in range(1, 7):
        room = tmp_path / f"Area_{area}" / "office_1"
        room.mkdir(parents=True)
        np.save(room / "coord.npy", np.random.default_rng(area).random((20, 3), np.float32))
        np.save(room / "color.npy", np.full((20, 3), 51, np.uint8))
        np.save(room / "normal.npy", np.tile(np.float32([0, 0, 1]), (20, 1)))
        np.save(room / "segment.npy", np.arange(20).reshape(-1, 1).astype(np.int16) % 13)
        np.save(room / "instance.npy", np.arange(20).reshape(-1, 1).astype(np.int16))
    return tmp_path
