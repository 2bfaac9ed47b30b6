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
    r"segment20\.npy: this array holds values that are NaN": lambda files: save(
        files.array("segment20"), np.full(61, np.nan)
    ),
    r"color\.npy: colors reach up to 65535, expected 0 to 255": lambda files: save(
        files.array("color"), np.full((61, 3), 65535, np.uint16)
    ),
    r"coord\.npy: this array cannot be read": lambda files: cut(files.array("coord")),
    r"coord\.npy: this scene has no points": lambda files: save(
        files.array("coord"), np.zeros((0, 3), np.float32)
    ),
    r"coord\.npy: this array holds values that are NaN": lambda files: save(
        files.array("coord"), np.full((61, 3), np.nan, np.float32)
    ),
    r"color\.npy: there is no such file": lambda files: files.array("color").unlink(),
    r"normal\.npy: .* the shape \[5, 3\], expected \[61, 3\]": lambda files: save(
        files.array("normal"), np.zeros((5, 3), np.float32)
    ),
    r"segment20\.npy: labels reach from -2 to 20, expected -1 \(none\) to 19": lambda files: save(
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


@pytest.mark.parametrize("bad", [b"", b"1 0 0 0\n0 1 0", b"-nan(ind) " * 16, b"-inf " * 16, None])
def test_one_bad_pose_leaves_the_others(files, bad, caplog):
    files.metadata.unlink()
    files.pose(2).unlink()
    if bad is not None:
        files.pose(2).write_bytes(bad)
    dataset = SceneDataset(
        ScannetConfig(root=files.root, views=6, image_size=(12, 16), frame_step=1), "train"
    )
    for _ in range(2):
        assert set(dataset[1]["frames"].tolist()) == {0, 1, 3, 4, 5}
    (line,) = [text for text in caplog.messages if "left out" in text]
    assert "1 of 6 frames are left out: 2.jpg" in line


def test_frames_may_have_zeros_before_their_number_and_be_png(files):
    files.metadata.unlink()
    for number in range(6):
        for path in (files.color(number), files.depth(number), files.pose(number)):
            path.rename(path.with_name(f"{number:06}{path.suffix}"))
    first = files.frames / "color" / "000000.jpg"
    Image.open(first).save(first.with_suffix(".png"))
    first.unlink()
    (files.frames / "color" / "._000001.jpg").write_bytes(b"\0\5\x16\7")
    config = ScannetConfig(root=files.root, views=6, image_size=(12, 16), frame_step=1)
    assert set(SceneDataset(config, "train")[1]["frames"].tolist()) == set(range(6))


def test_colors_may_be_floats_up_to_one(files, caplog):
    stored = np.load(files.array("color"))
    save(files.array("color"), (stored / 255).astype(np.float32))
    augment = {name: {"probability": 0} for name in ("contrast", "color_shift", "color_jitter")}
    found = open_set(files, augment=augment)[1]["colors"]
    assert found.max() == pytest.approx(stored.max() / 255, abs=1e-6)
    assert "color.npy: these colors are floats of at most 1" in caplog.text


def test_normals_that_are_missing_are_estimated(files, caplog):
    files.array("normal").unlink()
    still = {name: {"probability": 0} for name in ("rotation", "tilt", "flip", "jitter")}
    normals = open_set(files, augment=still)[1]["normals"]
    assert normals.shape == (61, 3)
    assert (normals[:, 2].abs() > 0.99).all()  # the floor of the small world
    assert "normal.npy: there is no such file, so normals are estimated" in caplog.text


def test_frames_are_listed_anew_where_there_is_no_list(files):
    files.metadata.unlink()
    files.pose(2).write_text("inf " * 16)
    config = ScannetConfig(root=files.root, views=6, image_size=(12, 16), frame_step=2)
    sample = SceneDataset(config, "train")[SampleKey(1)]
    assert set(sample["frames"].tolist()) == {0, 4}
    listed = open_set(SceneFiles(files.root, "train", "scene0000_00"))
    np.testing.assert_allclose(sample["Ks"][0], listed[0]["Ks"][0], rtol=1e-5)
