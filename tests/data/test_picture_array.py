import numpy as np
import pytest
import torch

from gaussrep.data.config import CropConfig
from gaussrep.data.sample import SampleKey
from gaussrep.data.torchvision_sets import ImageArray

PICTURES = np.random.default_rng(0).integers(0, 255, (3, 8, 8, 3), dtype=np.uint8)
CONFIG = CropConfig(image_size=8)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64])
def test_labeled_pictures(dtype):
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
