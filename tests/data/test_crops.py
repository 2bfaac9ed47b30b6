import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gaussrep.data import crops
from gaussrep.data.config import CropConfig
from gaussrep.data.crops import Box, make_sample
from gaussrep.data.sample import SampleKey

SIZES = st.integers(1, 300)


@given(SIZES, SIZES, st.integers(0, 50), st.integers(0, 50), st.integers(0, 2**32))
def test_a_random_box_lies_inside(width, height, left, top, seed):
    within = Box(left, top, left + width, top + height)
    box = crops.random_box(within, CropConfig(), np.random.default_rng(seed))
    assert left <= box.left < box.right <= left + width
    assert top <= box.top < box.bottom <= top + height


def test_random_boxes_cover_the_asked_ranges():
    config = CropConfig(scale=(0.1, 0.5), ratio=(0.5, 2.0))
    rng = np.random.default_rng(0)
    boxes = [crops.random_box(Box(0, 0, 1000, 1000), config, rng) for _ in range(2000)]
    shares = [box.width * box.height / 1e6 for box in boxes]
    ratios = [box.width / box.height for box in boxes]
    assert 0.099 < min(shares) < 0.11
    assert 0.49 < max(shares) < 0.501
    assert 0.498 < min(ratios) < 0.52
    assert 1.95 < max(ratios) < 2.01
    assert 0.9 < float(np.exp(np.mean(np.log(ratios)))) < 1.1
    assert min(box.left for box in boxes) < 20
    assert max(box.right for box in boxes) > 980


def test_a_shape_that_never_fits_gives_the_central_square():
    config = CropConfig(scale=(1.0, 1.0), ratio=(1.0, 1.0))
    rng = np.random.default_rng(0)
    assert crops.random_box(Box(0, 0, 30, 10), config, rng) == Box(10, 0, 20, 10)


def test_the_central_square():
    assert crops.center_box(Box(0, 0, 7, 4)) == Box(1, 0, 5, 4)
    assert crops.center_box(Box(5, 5, 9, 25)) == Box(5, 13, 9, 17)


def test_pixels_outside_a_box_have_no_influence():
    pixels = np.full((40, 40, 3), 255, dtype=np.uint8)
    pixels[10:30, 10:30] = 100
    cut = crops.resize_crop(Image.fromarray(pixels), Box(10, 10, 30, 30), 7)
    assert np.unique(np.asarray(cut)).tolist() == [100]


def test_tensors_are_channels_first_in_zero_to_one():
    pixels = np.zeros((2, 3, 3), dtype=np.uint8)
    pixels[1, 2] = (255, 51, 0)
    tensor = crops.to_tensor(Image.fromarray(pixels))
    assert tensor.shape == (3, 2, 3)
    assert tensor.dtype == torch.float32
    torch.testing.assert_close(tensor[:, 1, 2], torch.tensor([1.0, 0.2, 0.0]))
    assert tensor.is_contiguous()


def test_flips_happen_as_often_as_asked():
    pixels = np.zeros((8, 8, 3), dtype=np.uint8)
    pixels[:, :4] = 255
    whole = Box(0, 0, 8, 8)

    def flipped(flip):
        config = CropConfig(image_size=8, scale=(1.0, 1.0), ratio=(1.0, 1.0), flip=flip)
        images = (
            crops.random_crop(Image.fromarray(pixels), whole, config, np.random.default_rng(seed))
            for seed in range(100)
        )
        return sum(bool(image[0, 0, 0] == 0) for image in images)

    assert flipped(0.0) == 0
    assert flipped(1.0) == 100
    assert 30 < flipped(0.5) < 70


PIXELS = np.random.default_rng(0).integers(0, 255, (6, 10, 3), dtype=np.uint8)


@pytest.mark.parametrize("key", [SampleKey(4), SampleKey(4, epoch=1, seed=2)])
def test_validation_is_the_central_square_whatever_the_key(key):
    sample = make_sample(Image.fromarray(PIXELS), key, CropConfig(image_size=6), "val")
    expected = torch.from_numpy(PIXELS[:, 2:8].copy()).permute(2, 0, 1).float() / 255
    torch.testing.assert_close(sample["image"], expected)
    assert sample["index"].item() == 4


def test_training_obeys_the_crop_settings():
    whole = CropConfig(image_size=6, scale=(1.0, 1.0), ratio=(1.0, 1.0), flip=1.0)
    square = Image.fromarray(PIXELS[:, :6])
    sample = make_sample(square, SampleKey(0, epoch=3), whole, "train")
    expected = torch.from_numpy(PIXELS[:, 5::-1].copy()).permute(2, 0, 1).float() / 255
    torch.testing.assert_close(sample["image"], expected)


def test_training_differs_between_epochs():
    image, config = Image.fromarray(PIXELS), CropConfig(image_size=6)
    crops = [
        make_sample(image, SampleKey(0, epoch), config, "train")["image"] for epoch in range(8)
    ]
    assert len({crop.numpy().tobytes() for crop in crops}) > 4
