import os

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

from gaussrep.data.config import ImagesConfig
from gaussrep.data.folders import ImageFolder
from gaussrep.data.image_files import UnreadableImageError, list_images, split_images
from gaussrep.data.sample import SampleKey
from gaussrep.errors import DataError


def noise(path, seed=0, size=(40, 30)):
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(values).save(path)


@pytest.fixture
def folder(tmp_path):
    for number in range(6):
        noise(tmp_path / f"größe {number}" / f"{number}.png", number)
    return tmp_path


def test_samples_have_the_agreed_form(folder):
    for split in ("train", "val"):
        dataset = ImageFolder(ImagesConfig(root=folder, image_size=16), split)
        sample = dataset[len(dataset) - 1]
        assert set(sample) == {"image", "index"}
        assert sample["image"].shape == (3, 16, 16)
        assert sample["image"].dtype == torch.float32
        assert 0 <= sample["image"].min() < sample["image"].max() <= 1
        assert sample["index"].dtype == torch.int64
        assert sample["index"].item() == len(dataset) - 1


def test_the_splits_share_nothing(folder):
    config = ImagesConfig(root=folder, val_fraction=0.3)
    train, val = split_images(list_images(folder), 0.3)
    assert len(train) + len(val) == 6
    assert len(val) >= 1
    assert len(ImageFolder(config, "val")) == len(val)


def test_training_crops_depend_on_the_key_alone(folder):
    config = ImagesConfig(root=folder, image_size=16)
    first, second = ImageFolder(config), ImageFolder(config)
    key = SampleKey(1, epoch=2, seed=3)
    expected = first[key]["image"]
    torch.manual_seed(5)
    second[SampleKey(0, 2, 3)]
    assert torch.equal(second[key]["image"], expected)
    for other in (SampleKey(1, 3, 3), SampleKey(1, 2, 4)):
        assert not torch.equal(second[other]["image"], expected)
    assert torch.equal(first[1]["image"], first[SampleKey(1)]["image"])


def test_validation_shows_the_central_square(tmp_path):
    noise(tmp_path / "a.png", size=(50, 20))
    noise(tmp_path / "b.png", size=(50, 20))
    dataset = ImageFolder(ImagesConfig(root=tmp_path, image_size=20), "val")
    sample = dataset[SampleKey(0, epoch=4, seed=9)]["image"]
    values = np.random.default_rng(0).integers(0, 255, (20, 50, 3), dtype=np.uint8)
    expected = torch.from_numpy(values[:, 15:35]).permute(2, 0, 1).float() / 255
    torch.testing.assert_close(sample, expected)


def test_an_index_outside_ends_iteration(folder):
    dataset = ImageFolder(ImagesConfig(root=folder, image_size=8))
    with pytest.raises(IndexError):
        dataset[len(dataset)]
    with pytest.raises(IndexError):
        dataset[-1]


@pytest.mark.parametrize(
    ("images", "settings", "samples"),
    [(1, {}, 256), (6, {}, 260), (6, {"samples": 7}, 7), (300, {"val_fraction": 0.001}, 299)],
)
def test_few_images_give_several_crops_each(tmp_path, monkeypatch, images, settings, samples):
    names = [f"{number}.png" for number in range(images)]
    monkeypatch.setattr("gaussrep.data.folders.list_images", lambda root: names)
    assert len(ImageFolder(ImagesConfig(root=tmp_path, **settings))) == samples


def test_samples_cycle_through_the_images_over_the_epochs(folder):
    train, _ = split_images(list_images(folder), 0.05)
    dataset = ImageFolder(ImagesConfig(root=folder, samples=2, image_size=8))
    expected = ImageFolder(ImagesConfig(root=folder, samples=len(train), image_size=8))
    for epoch, index, number in ((0, 0, 0), (1, 1, 3), (2, 0, 4), (3, 0, 1)):
        shown = dataset._files[(index + 2 * epoch) % len(train)]
        assert shown.tobytes() == expected._files[number].tobytes()
        assert dataset[SampleKey(index, epoch)]["index"] == index


@pytest.mark.parametrize("size", [(80, 20), (20, 80)])
def test_one_image_is_divided_into_both_splits(tmp_path, size):
    values = np.zeros((size[1], size[0], 3), dtype=np.uint8)
    held_out = values[:, 60:] if size[0] == 80 else values[60:]
    held_out[:] = 255
    Image.fromarray(values).save(tmp_path / "a.png")
    train, val = (
        ImageFolder(ImagesConfig(root=tmp_path, image_size=16), split) for split in ("train", "val")
    )
    assert len(val) == 1
    assert (val[0]["image"] == 1).all()
    assert all((train[index]["image"] == 0).all() for index in range(16))


def test_an_image_of_few_pixels_is_whole_in_both_splits(tmp_path):
    noise(tmp_path / "a.png", size=(1, 1))
    for split in ("train", "val"):
        sample = ImageFolder(ImagesConfig(root=tmp_path, image_size=2), split)[0]
        assert sample["image"].shape == (3, 2, 2)


def test_an_empty_and_a_missing_folder(tmp_path):
    with pytest.raises(DataError, match="holds no image"):
        ImageFolder(ImagesConfig(root=tmp_path))
    with pytest.raises(DataError, match="no such folder"):
        ImageFolder(ImagesConfig(root=tmp_path / "none"))


@pytest.mark.parametrize("workers", [0, 1])
def test_a_damaged_image_is_one_sentence_from_any_process(folder, workers):
    train, _ = split_images(list_images(folder), 0.05)
    path = folder / train[2]
    os.truncate(path, 200)
    dataset = ImageFolder(ImagesConfig(root=folder, image_size=8))
    with pytest.raises(UnreadableImageError) as caught:
        for _ in DataLoader(dataset, batch_size=2, num_workers=workers):
            pass
    message = str(caught.value)
    assert message.startswith(f"{path}: this image cannot be read")
    assert "\n" not in message


def test_workers_and_the_main_process_give_the_same(folder):
    dataset = ImageFolder(ImagesConfig(root=folder, image_size=8))
    here, there = (
        torch.cat([batch["image"] for batch in DataLoader(dataset, 2, num_workers=workers)])
        for workers in (0, 1)
    )
    assert torch.equal(here, there)
