import numpy as np
import pytest
import torch
from PIL import Image

from gaussrep.data.config import CropConfig
from gaussrep.data.crops import make_sample
from gaussrep.data.sample import SampleKey

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
