"""What a data set of pictures gives for one of them."""

from typing import Literal

import torch
from PIL import Image
from torch import Tensor

from gaussrep.data import crops
from gaussrep.data.config import CropConfig
from gaussrep.data.sample_key import SampleKey

Split = Literal["train", "val"]
"""The parts of a data set: what is trained on, and what is measured on."""


def make_sample(
    image: Image.Image, key: SampleKey, config: CropConfig, split: Split
) -> dict[str, Tensor]:
    """Cut a picture as its split wants it.

    Args:
        image: RGB picture of any size.
        key: Which picture, and the randomness of its crop.
        config: Size of the result, and the ranges of training crops.
        split: `train` gives a random crop, a pure function of the key; `val` the central square.

    Returns:
        `image`, float32 [3, size, size] in [0, 1], and `index`, int64.
    """
    if split == "train":
        whole = crops.Box(0, 0, image.width, image.height)
        pixels = crops.random_crop(image, whole, config, key.rng())
    else:
        pixels = crops.central_square(image, config.size)
    return {"image": pixels, "index": torch.tensor(key.index)}
