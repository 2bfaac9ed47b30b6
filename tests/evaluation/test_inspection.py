import pytest
import torch
from PIL import Image

from gaussrep.config import resolve
from gaussrep.data.scenes.scannet.write import write_scene
from gaussrep.data.scenes.scene import PointCloud
from gaussrep.errors import CapabilityError, DataError
from gaussrep.evaluation.inspection import HELD_OUT, report_samples


@pytest.fixture
def dataset(tmp_path):
    for number in range(40):
        Image.new("RGB", (24, 16), (number, 0, 0)).save(tmp_path / f"{number}.png")
    return resolve(
        "datasets", {"type": "images", "root": tmp_path, "image_size": 8, "val_fraction": 0.9}
    )


@pytest.fixture
def rooms(tmp_path, write_rooms):
    return resolve("datasets", {"type": "scannet", "root": write_rooms("a", "b")})


@pytest.fixture
def write_rooms(tmp_path):
    def write(*names):
        for number, name in enumerate(names):
            ones = torch.ones(10 + number, dtype=torch.int64)
            points = torch.rand(10 + number, 3)
            cloud = PointCloud(points, points, points, ones, ones)
            write_scene(tmp_path, "val", name, cloud, [], torch.eye(3).numpy())
        return tmp_path

    return write


def test_photographs_are_cut_to_what_the_run_reads(dataset, tmp_path):
    shown = report_samples(dataset, [str(tmp_path / "7.png")])
    assert shown.batch["image"].shape == (1, 3, 8, 8)
    torch.testing.assert_close(shown.batch["image"][0, 0], torch.full((8, 8), 7 / 255))


def test_held_out_images_stand_in(dataset):
    shown = report_samples(dataset, [])
    assert len(shown.batch["image"]) == HELD_OUT
    assert all(name.endswith(".png") for name in shown.names)


def test_scenes_are_found_by_name(rooms):
    shown = report_samples(rooms, ["b"])
    assert shown.names == ("b",)
    assert shown.batch["scene"].tolist() == [0] * 11
    assert report_samples(rooms, []).names == ("a",)
    with pytest.raises(DataError, match="c"):
        report_samples(rooms, ["c"])


def test_photographs_are_cut_to_the_size_of_synthetic_images(tmp_path):
    Image.new("RGB", (30, 20), (255, 0, 0)).save(tmp_path / "a.png")
    shapes = resolve("datasets", {"type": "shapes", "image_size": 16})
    shown = report_samples(shapes, [str(tmp_path / "a.png")])
    assert shown.batch["image"].shape == (1, 3, 16, 16)


def test_a_data_set_that_cuts_nothing_takes_no_photographs():
    stereo = resolve("datasets", "stereo")
    with pytest.raises(CapabilityError, match="'stereo' has no fixed image_size"):
        report_samples(stereo, ["a.png"])
