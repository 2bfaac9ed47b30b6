"""Square crops of one size from images of any size."""

from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image, ImageOps
from torch import Tensor

from gaussrep.config import ComponentConfig
from gaussrep.data.config import CropConfig
from gaussrep.data.sample import SampleKey, Split
from gaussrep.errors import CapabilityError

ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of whole pixels; `right` and `bottom` are exclusive.

    Args:
        left: First column.
        top: First row.
        right: Column after the last.
        bottom: Row after the last.
    """

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Number of rows."""
        return self.bottom - self.top


def center_box(within: Box) -> Box:
    """Return the largest square in the center of a box.

    Args:
        within: The box.

    Returns:
        The square.
    """
    side = min(within.width, within.height)
    left = within.left + (within.width - side) // 2
    top = within.top + (within.height - side) // 2
    return Box(left, top, left + side, top + side)


def random_box(within: Box, config: CropConfig, rng: np.random.Generator) -> Box:
    """Draw a box of random area, aspect ratio and position (the Inception crop).

    Args:
        within: Box that contains the result.
        config: Ranges of the area fraction and of width over height.
        rng: Source of randomness.

    Returns:
        The box; the central square if no drawn shape fits.
    """
    for _ in range(ATTEMPTS):
        area = within.width * within.height * rng.uniform(*config.scale)
        ratio = exp(rng.uniform(log(config.ratio[0]), log(config.ratio[1])))
        width, height = round(sqrt(area * ratio)), round(sqrt(area / ratio))
        if 0 < width <= within.width and 0 < height <= within.height:
            left = within.left + int(rng.integers(within.width - width + 1))
            top = within.top + int(rng.integers(within.height - height + 1))
            return Box(left, top, left + width, top + height)
    return center_box(within)


def random_crop(
    image: Image.Image, within: Box, config: CropConfig, rng: np.random.Generator
) -> Float[Tensor, "3 size size"]:
    """Crop, resize and flip an image at random.

    Args:
        image: RGB image.
        within: Box that contains the crop.
        config: Ranges of the crop, and the side of the result.
        rng: Source of all randomness.

    Returns:
        Values in [0, 1].
    """
    crop = resize_crop(image, random_box(within, config, rng), config.image_size)
    return to_tensor(ImageOps.mirror(crop) if rng.random() < config.flip else crop)


def center_crop(image: Image.Image, size: int) -> Float[Tensor, "3 size size"]:
    """Crop the largest square in the center of an image and resize it.

    Args:
        image: RGB image.
        size: Side of the result in pixels.

    Returns:
        Values in [0, 1].
    """
    return to_tensor(resize_crop(image, center_box(Box(0, 0, *image.size)), size))


def resize_crop(image: Image.Image, box: Box, size: int) -> Image.Image:
    """Crop a box and resize it; pixels outside the box have no influence.

    Args:
        image: RGB image.
        box: Box to crop.
        size: Side of the square result in pixels.

    Returns:
        The resized crop.
    """
    cut = image.crop((box.left, box.top, box.right, box.bottom))
    return cut.resize((size, size), Image.Resampling.BICUBIC)


def to_tensor(image: Image.Image) -> Float[Tensor, "3 height width"]:
    """Convert an image to a channels-first float32 tensor.

    Args:
        image: RGB image.

    Returns:
        Values in [0, 1].
    """
    bands = np.stack([np.asarray(band) for band in image.split()])
    return torch.from_numpy(bands).float().div_(255)


def make_sample(
    image: Image.Image,
    key: SampleKey,
    config: CropConfig,
    split: Split,
    within: Box | None = None,
) -> dict[str, Tensor]:
    """Crop an image for training or validation.

    Args:
        image: RGB image of any size.
        key: Index of the image, and the randomness of its crop.
        config: Side of the result, and the ranges of training crops.
        split: `train` gives a random crop, a pure function of the key; `val` the central square.
        within: Box that contains the crop; the whole image by default.

    Returns:
        `image`, float32 [3, image_size, image_size] in [0, 1], and `index`, int64.
    """
    within = within or Box(0, 0, image.width, image.height)
    if split == "train":
        pixels = random_crop(image, within, config, key.rng())
    else:
        pixels = to_tensor(resize_crop(image, center_box(within), config.image_size))
    return {"image": pixels, "index": torch.tensor(key.index)}


def image_size_of(data: ComponentConfig) -> int:
    """Return the side of the square images of a data set.

    Args:
        data: Configuration of a data set.

    Returns:
        The side in pixels.

    Raises:
        CapabilityError: If its images have no fixed size.
    """
    size = getattr(data, "image_size", None)
    if not isinstance(size, int):
        raise CapabilityError(f"data set {data.type!r} has no fixed image_size to crop images to.")
    return size
