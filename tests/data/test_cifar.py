import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from gaussrep.building import build
from gaussrep.data.config import Cifar10Config, Cifar100Config
from gaussrep.data.torchvision_sets import cifar10, cifar100
from gaussrep.errors import DataError

torchvision = pytest.importorskip("torchvision")

TEN = [f"kind {number}" for number in range(10)]


def write(folder, name, **content):
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(pickle.dumps(content))


def rows(*grays):
    """Pictures as CIFAR stores them: 1,024 red, green, then blue values, row by row."""
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
        f"{tmp_path}: {title} is missing or damaged; wanted its folder {folder} in this folder; "
        "data.download=true downloads it."
    )
