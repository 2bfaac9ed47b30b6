import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from gaussrep.building import build
from gaussrep.data import stereo
from gaussrep.data.crops import to_tensor
from gaussrep.data.image_files import read_image
from gaussrep.data.stereo import Stereo
from gaussrep.errors import DataError, UnavailableError

skimage = pytest.importorskip("skimage")
FOLDER = Path(skimage.__file__).parent / "data"
if not (FOLDER / "motorcycle_disp.npz").exists():
    pytest.skip("this scikit-image lacks motorcycle_disp.npz", allow_module_level=True)


@pytest.fixture(scope="module")
def sample():
    return Stereo()[0]


def test_the_sample_has_the_agreed_form(sample):
    forms = {name: (value.dtype, tuple(value.shape)) for name, value in sample.items()}
    assert forms == {
        "image": (torch.float32, (3, 500, 741)),
        "index": (torch.int64, ()),
        "disparity": (torch.float32, (500, 741)),
        "valid": (torch.bool, (500, 741)),
    }
    assert 0 <= sample["image"].min() < sample["image"].max() <= 1
    assert sample["disparity"].isfinite().all()
    assert (sample["disparity"][sample["valid"]] > 5).all()
    assert (sample["disparity"][~sample["valid"]] == 0).all()
    assert 0.9 < sample["valid"].float().mean() < 0.95


def test_the_right_image_shows_the_same_points_disparity_pixels_to_the_left(sample):
    right = to_tensor(read_image(FOLDER / "motorcycle_right.png"))
    rows, columns = torch.nonzero(sample["valid"], as_tuple=True)
    shifts = sample["disparity"][rows, columns].round().long()

    def error(sign):
        there = (columns + sign * shifts).clamp(0, 740)
        return (right[:, rows, there] - sample["image"][:, rows, columns]).abs().mean()

    assert error(-1) < 0.05
    assert error(-1) < 0.4 * min(error(0), error(1))


def test_there_is_one_sample_in_either_split():
    for split in ("train", "val"):
        dataset = build("datasets", "stereo", split=split)
        assert len(dataset) == 1
        for index in (-1, 1):
            with pytest.raises(IndexError, match="outside 0 to 0"):
                dataset[index]


def test_a_missing_package_reports_what_to_install(monkeypatch):
    monkeypatch.setattr(stereo, "find_spec", lambda name: None)
    with pytest.raises(UnavailableError, match="pip install scikit-image"):
        Stereo()


@pytest.mark.parametrize("damage", ["missing", "truncated", "other", "pickled"])
def test_a_package_without_the_disparities_is_one_sentence(monkeypatch, tmp_path, damage):
    shutil.copy(FOLDER / "motorcycle_left.png", tmp_path)
    path = tmp_path / "motorcycle_disp.npz"
    if damage == "truncated":
        shutil.copy(FOLDER / "motorcycle_disp.npz", path)
        os.truncate(path, 5000)
    elif damage == "other":
        np.savez(path, x=np.zeros(3))
    elif damage == "pickled":
        np.savez(path, arr_0=np.array([{}]))
    monkeypatch.setattr(stereo, "_folder", lambda: tmp_path)
    expected = "is missing" if damage == "missing" else "is damaged"
    with pytest.raises(
        DataError, match=f"disp.npz: this file of scikit-image {expected}"
    ) as caught:
        Stereo()
    assert "\n" not in str(caught.value)
