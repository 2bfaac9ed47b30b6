import numpy as np
import pytest
import torch

from gaussrep.data.scenes.config import ScannetConfig
from gaussrep.data.scenes.dataset import SceneDataset
from gaussrep.data.scenes.frames import RGBDFrame
from gaussrep.data.scenes.scannet.write import write_scene
from gaussrep.errors import DataError

K = np.array([[20.0, 0, 16], [0, 20, 12], [0, 0, 1]])


def test_the_layout_is_that_of_the_release(tmp_path, world):
    frame, _ = world.frame(world.eyes[0])
    write_scene(tmp_path, "train", "scene0000_00", world.cloud(), [frame], K)
    written = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")}
    arrays = ("coord", "color", "normal", "segment20", "instance")
    matrices = ("intrinsic_color", "intrinsic_depth", "extrinsic_color", "extrinsic_depth")
    assert written == {
        *(f"train/scene0000_00/{name}.npy" for name in arrays),
        *(f"rgbd/scene0000_00/intrinsic/{name}.txt" for name in matrices),
        "rgbd/scene0000_00/color/0.jpg",
        "rgbd/scene0000_00/depth/0.png",
        "rgbd/scene0000_00/pose/0.txt",
        "metadata/train/scene0000_00.json",
    }
    folder = tmp_path / "train" / "scene0000_00"
    kinds = {name: np.load(folder / f"{name}.npy").dtype for name in arrays}
    assert kinds["coord"] == kinds["normal"] == np.float32
    assert kinds["color"] == np.uint8
    assert kinds["segment20"] == kinds["instance"] == np.int16
    rgbd = tmp_path / "rgbd" / "scene0000_00"
    pose = np.loadtxt(rgbd / "pose" / "0.txt")
    np.testing.assert_allclose(pose[:3, 3], world.eyes[0], atol=1e-5)
    stored = np.loadtxt(rgbd / "intrinsic" / "intrinsic_depth.txt")
    assert stored[:2, 2].tolist() == [15.5, 11.5]


def test_labels_of_200_classes_are_written_where_they_are_known(tmp_path, world):
    labels = np.arange(60) % 200
    write_scene(tmp_path, "train", "a", world.cloud(), [], K, labels200=labels)
    config = ScannetConfig(root=tmp_path, classes=200, augment={"dropout": {"probability": 0}})
    assert SceneDataset(config, "train")[0]["labels"].tolist() == labels.tolist()
    write_scene(tmp_path, "train", "a", world.cloud(), [], K)
    assert set(SceneDataset(config, "train")[0]["labels"].tolist()) == {-1}


def test_the_list_may_name_some_of_the_frames(tmp_path, world):
    frames = [world.frame(eye)[0] for eye in world.eyes]
    write_scene(tmp_path, "val", "a", world.cloud(), frames, K, used=[1, 4])
    config = ScannetConfig(root=tmp_path, views=2, image_size=(6, 8))
    assert SceneDataset(config, "val")[0]["frames"].tolist() == [1, 4]


def test_what_cannot_be_stored_is_refused(tmp_path, world):
    frame, _ = world.frame(world.eyes[0])
    small = RGBDFrame(frame.image[:5], frame.depth[:5], frame.viewmat, frame.intrinsics)
    with pytest.raises(DataError, match="expected one size"):
        write_scene(tmp_path, "train", "a", world.cloud(), [frame, small], K)
    many = world.cloud().replace(labels=torch.full((60,), 40_000))
    with pytest.raises(DataError, match=r"segment20\.npy: labels reach from 40000"):
        write_scene(tmp_path, "train", "a", many, [], K)
    assert not (tmp_path / "metadata").exists()
