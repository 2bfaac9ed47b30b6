import pickle
from http.client import IncompleteRead
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch

from gaussrep.building import build
from gaussrep.data.config import (
    Cifar10Config,
    Cifar100Config,
    CropConfig,
    DownloadConfig,
    Stl10Config,
)
from gaussrep.data.sample import SampleKey
from gaussrep.data.torchvision_sets import ImageArray, cifar10, cifar100, open_verified, stl10
from gaussrep.errors import DataError

PICTURES = np.random.default_rng(0).integers(0, 255, (3, 8, 8, 3), dtype=np.uint8)
CONFIG = CropConfig(image_size=8)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64])
def test_labeled_images(dtype):
    labels = np.array([1, 0, 1], dtype=dtype)
    dataset = ImageArray(PICTURES, labels, ("a", "b"), CONFIG, "val")
    assert (len(dataset), dataset.classes) == (3, ("a", "b"))
    for index in range(3):
        sample = dataset[SampleKey(index, epoch=2)]
        expected = torch.from_numpy(PICTURES[index]).permute(2, 0, 1).float() / 255
        torch.testing.assert_close(sample["image"], expected)
        assert sample["label"].dtype == torch.int64
        assert (sample["label"].item(), sample["index"].item()) == (labels[index], index)


def test_without_labels_a_sample_has_none():
    dataset = ImageArray(PICTURES, None, (), CONFIG, "val")
    assert dataset.classes == ()
    assert set(dataset[0]) == {"image", "index"}


def test_training_crops_depend_on_the_key_alone():
    dataset = ImageArray(PICTURES, None, (), CONFIG)
    key = SampleKey(1, epoch=1, seed=2)
    assert torch.equal(dataset[key]["image"], dataset[key]["image"])
    assert not torch.equal(dataset[key]["image"], dataset[SampleKey(1, 2, 2)]["image"])


def test_a_view_with_the_axes_moved_gives_the_same():
    moved = np.ascontiguousarray(PICTURES.transpose(0, 3, 1, 2)).transpose(0, 2, 3, 1)
    assert not moved.flags.c_contiguous
    first, second = (ImageArray(array, None, (), CONFIG, "val") for array in (PICTURES, moved))
    assert torch.equal(first[2]["image"], second[2]["image"])


def test_an_index_outside_ends_iteration():
    with pytest.raises(IndexError):
        ImageArray(PICTURES, None, (), CONFIG)[3]


class SetConfig(DownloadConfig):
    published_name: ClassVar[str] = "Set"
    folder: ClassVar[str] = "set"


class Opener:
    """Stands for a class of torchvision's."""

    def __init__(self, error=None):
        self.error = error
        self.calls = []

    def __call__(self, root, **arguments):
        self.calls.append((root, arguments))
        if self.error:
            raise self.error
        return "opened"


@pytest.mark.parametrize("download", [False, True])
@pytest.mark.usefixtures("unchecked")
def test_what_is_asked_for_is_passed_on(tmp_path, download):
    opener = Opener()
    config = SetConfig(root=tmp_path, download=download)
    assert open_verified(opener, config, train=True) == "opened"
    assert opener.calls == [(tmp_path, {"download": download, "train": True})]


def test_a_missing_set_reports_how_to_get_it(tmp_path):
    opener = Opener(RuntimeError("Dataset not found or corrupted."))
    with pytest.raises(DataError) as caught:
        open_verified(opener, SetConfig(root=tmp_path))
    assert str(caught.value) == (
        f"{tmp_path}: Set is missing or damaged; expected its folder set in this folder; "
        "data.download=true downloads it."
    )


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError("no route to host\nat all"), "no route to host"),
        (RuntimeError("File not found or corrupted."), "File not found or corrupted"),
        (IncompleteRead(b""), r"IncompleteRead\(0 bytes read\)"),
    ],
)
def test_a_failed_download_reports_why(tmp_path, error, reason):
    config = SetConfig(root=tmp_path, download=True)
    with pytest.raises(DataError, match=f"Set cannot be downloaded to this folder: {reason}\\.$"):
        open_verified(Opener(error), config)


torchvision = pytest.importorskip("torchvision")

TEN = [f"kind {number}" for number in range(10)]


def write(folder, name, **content):
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(pickle.dumps(content))


def rows(*grays):
    """Images as CIFAR stores them: 1,024 red, green, then blue values, row by row."""
    one = np.arange(1024) % 32  # grows from left to right
    planes = [np.concatenate([one + gray, one + gray + 1, one + gray + 2]) for gray in grays]
    return np.array(planes, dtype=np.uint8)


@pytest.fixture
def small_cifar10(tmp_path):
    folder = tmp_path / "cifar-10-batches-py"
    for number in range(1, 6):
        write(folder, f"data_batch_{number}", data=rows(number, 100), labels=[number, 0])
    write(folder, "test_batch", data=rows(7), labels=[9])
    write(folder, "batches.meta", label_names=TEN)
    return tmp_path


@pytest.fixture
def unverified(monkeypatch):
    """Let torchvision take files that have other checksums than the published ones."""
    monkeypatch.setattr(
        "torchvision.datasets.cifar.check_integrity", lambda path, md5: Path(path).is_file()
    )


@pytest.mark.usefixtures("unverified")
def test_cifar10(small_cifar10):
    train, val = (cifar10(Cifar10Config(root=small_cifar10), split) for split in ("train", "val"))
    assert (len(train), len(val)) == (10, 1)
    assert train.classes == val.classes == tuple(TEN)
    assert [int(train[index]["label"]) for index in range(10)] == [1, 0, 2, 0, 3, 0, 4, 0, 5, 0]
    assert val[0]["label"].item() == 9
    across = torch.arange(32) + 7
    expected = torch.stack([across + channel for channel in range(3)]) / 255
    torch.testing.assert_close(val[0]["image"], expected[:, None].expand(3, 32, 32))


@pytest.mark.usefixtures("unverified")
def test_cifar100_has_the_fine_labels(tmp_path):
    folder = tmp_path / "cifar-100-python"
    write(folder, "train", data=rows(1, 2), fine_labels=[1, 0], coarse_labels=[5, 5])
    write(folder, "test", data=rows(3), fine_labels=[1], coarse_labels=[5])
    write(folder, "meta", fine_label_names=["apple", "bear"], coarse_label_names=["x"])
    train, val = (cifar100(Cifar100Config(root=tmp_path), split) for split in ("train", "val"))
    assert train.classes == ("apple", "bear")
    assert [int(train[index]["label"]) for index in range(2)] == [1, 0]
    assert (len(val), int(val[0]["label"])) == (1, 1)


def test_a_file_with_another_checksum_is_never_unpickled(small_cifar10, tmp_path):
    class Trap:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "sprung",))

    for path in (small_cifar10 / "cifar-10-batches-py").iterdir():
        path.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(DataError, match="CIFAR-10 is missing or damaged"):
        cifar10(Cifar10Config(root=small_cifar10))
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    ("name", "title", "folder"),
    [
        ("cifar10", "CIFAR-10", "cifar-10-batches-py"),
        ("cifar100", "CIFAR-100", "cifar-100-python"),
    ],
)
def test_a_missing_folder_is_one_sentence(tmp_path, name, title, folder):
    with pytest.raises(DataError) as caught:
        build("datasets", {"type": name, "root": str(tmp_path)})
    assert str(caught.value) == (
        f"{tmp_path}: {title} is missing or damaged; expected its folder {folder} in this folder; "
        "data.download=true downloads it."
    )


pytest.importorskip("torchvision")


def images(*reds):
    """Images as STL-10 stores them: channel by channel, and column by column."""
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
        images(*reds).tofile(folder / f"{name}_X.bin")
        if labels:
            np.array(labels, dtype=np.uint8).tofile(folder / f"{name}_y.bin")
    monkeypatch.setattr(
        "torchvision.datasets.stl10.check_integrity", lambda path, md5: Path(path).is_file()
    )
    return tmp_path


def test_the_labeled_images(root):
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


def test_a_missing_folder_of_stl10_is_one_sentence(tmp_path):
    with pytest.raises(DataError, match=r"STL-10 is missing or damaged; expected its folder stl10"):
        stl10(Stl10Config(root=tmp_path))
