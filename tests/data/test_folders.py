import os
import tarfile

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

from gaussrep.building import build
from gaussrep.data.config import FoldersConfig, ImageNetConfig, ImagenetteConfig
from gaussrep.data.folders import ClassFolders
from gaussrep.data.image_files import UnreadableImageError
from gaussrep.data.sample import SampleKey
from gaussrep.errors import DataError

GRAY = {"cat": 200, "dog": 20}


def save(path, gray, size=(20, 16)):
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(gray)
    values = rng.integers(gray, gray + 30, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(values).save(path)


@pytest.fixture
def root(tmp_path):
    for split, count in (("train", 3), ("val", 2)):
        for name, gray in GRAY.items():
            for number in range(count):
                save(tmp_path / split / name / f"{number}.png", gray)
    return tmp_path


def open_split(root, split, **settings):
    return ClassFolders(FoldersConfig(root=root, image_size=8, **settings), split)


@pytest.mark.parametrize(("split", "count"), [("train", 6), ("val", 4)])
def test_samples_have_the_agreed_form(root, split, count):
    dataset = open_split(root, split)
    assert len(dataset) == count
    assert dataset.classes == ("cat", "dog")
    for index in range(count):
        sample = dataset[index]
        assert set(sample) == {"image", "index", "label"}
        assert sample["image"].shape == (3, 8, 8)
        assert sample["image"].dtype == torch.float32
        assert sample["index"].dtype == sample["label"].dtype == torch.int64
        assert sample["label"].shape == ()
        assert sample["index"].item() == index


def test_a_label_reports_which_folder_an_image_lies_in(root):
    for split in ("train", "val"):
        dataset = open_split(root, split)
        for sample in map(dataset.__getitem__, range(len(dataset))):
            bright = sample["image"].mean() > 0.5
            assert dataset.classes[sample["label"]] == ("cat" if bright else "dog")


def test_test_stands_in_where_there_is_no_val(root):
    (root / "val").rename(root / "test")
    assert len(open_split(root, "val")) == 4
    save(root / "val" / "cat" / "only.png", 200)
    save(root / "val" / "dog" / "only.png", 20)
    assert len(open_split(root, "val")) == 2


def test_training_crops_depend_on_the_key_alone(root):
    first, second = open_split(root, "train"), open_split(root, "train")
    key = SampleKey(1, epoch=2, seed=3)
    assert torch.equal(first[key]["image"], second[key]["image"])
    for other in (SampleKey(1, 3, 3), SampleKey(1, 2, 4)):
        assert not torch.equal(second[other]["image"], first[key]["image"])


def test_validation_shows_the_central_square(tmp_path):
    save(tmp_path / "train" / "a" / "1.png", 0)
    save(tmp_path / "val" / "a" / "1.png", 7, size=(30, 10))
    sample = ClassFolders(FoldersConfig(root=tmp_path, image_size=10), "val")[SampleKey(0, 5, 6)]
    values = np.asarray(Image.open(tmp_path / "val" / "a" / "1.png"))[:, 10:20]
    expected = torch.from_numpy(values.copy()).permute(2, 0, 1).float() / 255
    torch.testing.assert_close(sample["image"], expected)


def test_training_needs_no_validation_folder(root):
    (root / "val").rename(root / "elsewhere")
    assert len(open_split(root, "train")) == 6
    with pytest.raises(DataError, match="there is no folder val or test here"):
        open_split(root, "val")


def test_splits_with_different_classes_are_refused(root):
    (root / "val" / "dog").rename(root / "val" / "wolf")
    with pytest.raises(DataError, match=r"val: lacks dog and has wolf besides; expected the same"):
        open_split(root, "val")


def test_an_unsorted_validation_folder_is_refused(root):
    save(root / "val" / "ILSVRC2012_val_00000001.JPEG", 0)
    with pytest.raises(DataError, match=r"val: ILSVRC2012_val_00000001\.JPEG in no class"):
        open_split(root, "val")


def test_a_root_without_train_is_refused(tmp_path):
    with pytest.raises(DataError, match="there is no folder train here; expected train and val"):
        open_split(tmp_path, "train")


def test_a_damaged_image_is_one_sentence_from_a_worker(root):
    path = root / "train" / "dog" / "1.png"
    os.truncate(path, 60)
    with pytest.raises(UnreadableImageError) as caught:
        list(DataLoader(open_split(root, "train"), num_workers=1))
    assert str(caught.value).startswith(f"{path}: this image cannot be read")


def test_imagenet_and_imagenette_have_the_same_layout(tmp_path):
    for split in ("train", "val"):
        save(tmp_path / split / "n01440764" / f"{split}_1.JPEG", 0, size=(200, 180))
    for settings in (ImageNetConfig(root=tmp_path), ImagenetteConfig(root=tmp_path)):
        dataset = build("datasets", settings, split="val")
        assert dataset.classes == ("n01440764",)
        assert dataset[0]["image"].shape == (3, 224, 224)


def test_real_images_in_folders(real_data, tmp_path):
    """The first images of two classes, out of CIFAR-10 as JPEG files."""
    for split in ("train", "test"):
        with tarfile.open(real_data / f"cifar10-{split}.tar.gz") as archive:
            wanted = {f"{split}/{name}/000{n}.jpg" for name in ("airplane", "bird") for n in "123"}
            while wanted and (member := archive.next()):
                name = member.name.removeprefix("./")
                if name in wanted:
                    wanted.discard(name)
                    archive.extract(member, tmp_path, filter="data")
    settings = {"type": "folders", "root": str(tmp_path), "image_size": 32}
    train, val = (build("datasets", settings, split=split) for split in ("train", "val"))
    assert (len(train), len(val)) == (6, 6)
    assert train.classes == val.classes == ("airplane", "bird")
    assert [int(val[index]["label"]) for index in range(6)] == [0, 0, 0, 1, 1, 1]
    assert all(train[SampleKey(index, 1, 2)]["image"].std() > 0.02 for index in range(6))
