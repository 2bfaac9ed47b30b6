from pathlib import Path

import numpy as np
import pytest
import torch

from gaussrep.data.config import Stl10Config
from gaussrep.data.torchvision_sets import stl10
from gaussrep.errors import DataError

pytest.importorskip("torchvision")


def pictures(*reds):
    """Pictures as STL-10 stores them: channel by channel, and column by column."""
    grids = np.zeros((len(reds), 3, 96, 96), dtype=np.uint8)
    for grid, red in zip(grids, reds, strict=True):
        grid[0] = red + np.arange(96)[:, None]  # the first axis is the column
    return grids


@pytest.fixture
def root(tmp_path, monkeypatch):
    folder = tmp_path / "stl10_binary"
    folder.mkdir()
    for name, reds, labels in (
        ("train", (0, 1), (10, 1)),
        ("test", (2, 3, 4), (3, 3, 2)),
        ("unlabeled", (5, 6, 7, 8), None),
    ):
        pictures(*reds).tofile(folder / f"{name}_X.bin")
        if labels:
            np.array(labels, dtype=np.uint8).tofile(folder / f"{name}_y.bin")
    monkeypatch.setattr(
        "torchvision.datasets.stl10.check_integrity", lambda path, md5: Path(path).is_file()
    )
    return tmp_path


def test_the_labeled_pictures(root):
    train, val = (stl10(Stl10Config(root=root), split) for split in ("train", "val"))
    assert (len(train), len(val)) == (2, 3)
    assert [train.classes[train[index]["label"]] for index in range(2)] == ["truck", "airplane"]
    assert [int(val[index]["label"]) for index in range(3)] == [2, 2, 1]
    expected = torch.zeros(3, 96, 96)
    expected[0] = (torch.arange(96) + 2) / 255  # grows from left to right
    torch.testing.assert_close(val[0]["image"], expected)


def test_pretraining_takes_the_unlabeled_and_validation_stays(root):
    config = Stl10Config(root=root, unlabeled=True)
    train, val = (stl10(config, split) for split in ("train", "val"))
    assert (len(train), train.classes) == (4, ())
    assert set(train[0]) == {"image", "index"}
    assert train[0]["image"].shape == (3, 96, 96)
    assert (len(val), len(val.classes), int(val[0]["label"])) == (3, 10, 2)


def test_a_missing_folder_is_one_sentence(tmp_path):
    with pytest.raises(DataError, match=r"STL-10 is missing or damaged; wanted its folder stl10_b"):
        stl10(Stl10Config(root=tmp_path))
