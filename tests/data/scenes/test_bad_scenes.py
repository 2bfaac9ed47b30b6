import logging
import re
import shutil

import numpy as np
import pytest
from PIL import Image

from gaussrep.data.sample import SampleKey
from gaussrep.data.scenes.config import ScannetConfig
from gaussrep.data.scenes.dataset import SceneDataset
from gaussrep.data.scenes.scannet.layout import SceneFiles
from gaussrep.errors import DataError

NAME = "scene0001_00"


def cut(path):
    path.write_bytes(path.read_bytes()[:50])


def save(path, array):
    np.save(path, array)


def no_depth(files):
    for path in (files.frames / "depth").iterdir():
        Image.fromarray(np.zeros((24, 32), np.uint16)).save(path)


def no_pose(files):
    files.metadata.unlink()
    for path in (files.frames / "pose").iterdir():
        path.write_text("nan " * 16)


def no_frames(files):
    files.metadata.unlink()
    shutil.rmtree(files.frames)


def only_a_pickle(files):
    no_frames(files)
    files.metadata.with_suffix(".npy").write_bytes(b"a pickle")


DAMAGE = {
    r"coord\.npy: this array cannot be read": lambda files: cut(files.array("coord")),
    r"coord\.npy: this scene has no points": lambda files: save(
        files.array("coord"), np.zeros((0, 3), np.float32)
    ),
    r"coord\.npy: this array holds values that are NaN": lambda files: save(
        files.array("coord"), np.full((61, 3), np.nan, np.float32)
    ),
    r"color\.npy: there is no such file": lambda files: files.array("color").unlink(),
    r"normal\.npy: .* the shape \[5, 3\], wanted \[61, 3\]": lambda files: save(
        files.array("normal"), np.zeros((5, 3), np.float32)
    ),
    r"segment20\.npy: labels reach from -2 to 20, wanted -1 \(none\) to 19": lambda files: save(
        files.array("segment20"), np.arange(61) % 23 - 2
    ),
    r"instance\.npy: this array holds 3 numbers for 61 points": lambda files: save(
        files.array("instance"), np.zeros(3, np.int16)
    ),
    r"color: none of the 6 frames of this scene can be used": no_depth,
    r"pose: no pose of this scene is finite": no_pose,
    r"color: there are no frames of this scene here; set data\.views=0": no_frames,
    r"scene0001_00\.npy: this list of frames is a pickle": only_a_pickle,
    r"scene0001_00\.json: this list of frames cannot be read": lambda files: cut(files.metadata),
}


@pytest.fixture
def files(scannet_root):
    return SceneFiles(scannet_root, "train", NAME)


def open_set(files, **settings):
    config = ScannetConfig(root=files.root, views=2, image_size=(12, 16), **settings)
    return SceneDataset(config, files.split)


@pytest.mark.parametrize("reason", DAMAGE)
def test_a_bad_scene_is_replaced_by_the_next_with_one_warning(files, reason, caplog):
    DAMAGE[reason](files)
    dataset = open_set(files, augment={})
    with caplog.at_level(logging.WARNING):
        samples = [dataset[SampleKey(1, epoch)] for epoch in range(3)]
    assert [int(sample["index"]) for sample in samples] == [2, 2, 2]
    assert [int(sample["skipped"]) for sample in samples] == [1, 1, 1]
    assert int(dataset[2]["skipped"]) == 0
    (warning,) = [text for text in caplog.messages if text.startswith(f"scene {NAME}")]
    assert re.search(reason, warning)
    assert "\n" not in warning


def test_the_last_scene_is_replaced_by_the_first(scannet_root):
    files = SceneFiles(scannet_root, "train", "scene0002_00")
    cut(files.array("coord"))
    sample = open_set(files)[2]
    assert (int(sample["index"]), int(sample["skipped"])) == (0, 1)


def test_it_is_an_error_if_no_scene_can_be_used(scannet_root, files):
    for name in ("scene0000_00", NAME, "scene0002_00"):
        SceneFiles(scannet_root, "train", name).array("coord").unlink()
    with pytest.raises(DataError, match=r"none of the 3 scenes .* train can be used: .*coord\.npy"):
        open_set(files)[0]


def test_one_bad_frame_leaves_the_others(files, caplog):
    cut(files.color(0))
    files.depth(1).unlink()
    dataset = open_set(files)
    seen = set()
    for epoch in range(20):
        sample = dataset[SampleKey(1, epoch)]
        assert int(sample["skipped"]) == 0
        seen |= set(sample["frames"].tolist())
    assert seen == {2, 3, 4, 5}
    assert len([text for text in caplog.messages if "0.jpg" in text]) == 1
    assert len([text for text in caplog.messages if "1.png" in text]) == 1


def test_frames_are_listed_anew_where_there_is_no_list(files):
    files.metadata.unlink()
    files.pose(2).write_text("inf " * 16)
    config = ScannetConfig(root=files.root, views=6, image_size=(12, 16), frame_step=2)
    sample = SceneDataset(config, "train")[SampleKey(1)]
    assert set(sample["frames"].tolist()) == {0, 4}
    listed = open_set(SceneFiles(files.root, "train", "scene0000_00"))
    np.testing.assert_allclose(sample["Ks"][0], listed[0]["Ks"][0], rtol=1e-5)
