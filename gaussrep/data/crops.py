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
    """A rectangle of whole pixels; `right` and `bottom` lie just outside.

    Args:
        left: First column.
        top: First row.
        right: Column behind the last.
        bottom: Row behind the last.
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
    """The largest square in the middle of a box.

    Args:
        within: The box.
    """
    side = min(within.width, within.height)
    left = within.left + (within.width - side) // 2
    top = within.top + (within.height - side) // 2
    return Box(left, top, left + side, top + side)


def random_box(within: Box, config: CropConfig, rng: np.random.Generator) -> Box:
    """A box of random area, shape and place (the Inception crop).

    Args:
        within: Where the box must lie.
        config: Ranges of area share and of width over height.
        rng: Source of randomness.

    Returns:
        The box; the central square where no drawn shape fits.
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
    """A randomly cut and mirrored crop.

    Args:
        image: RGB picture.
        within: Where the crop must lie.
        config: Ranges of the crop, and the side of the result.
        rng: Source of randomness; all of the result's randomness comes from it.

    Returns:
        Values in [0, 1].
    """
    crop = resize_crop(image, random_box(within, config, rng), config.image_size)
    return to_tensor(ImageOps.mirror(crop) if rng.random() < config.flip else crop)


def center_crop(image: Image.Image, size: int) -> Float[Tensor, "3 size size"]:
    """The largest square in the middle of a picture.

    Args:
        image: RGB picture.
        size: Side of the result in pixels.

    Returns:
        Values in [0, 1].
    """
    return to_tensor(resize_crop(image, center_box(Box(0, 0, *image.size)), size))


def resize_crop(image: Image.Image, box: Box, size: int) -> Image.Image:
    """Cut a box out and resample it; no pixel outside the box has any influence.

    Args:
        image: RGB picture.
        box: What to cut out.
        size: Side of the square result in pixels.
    """
    cut = image.crop((box.left, box.top, box.right, box.bottom))
    return cut.resize((size, size), Image.Resampling.BICUBIC)


def to_tensor(image: Image.Image) -> Float[Tensor, "3 height width"]:
    """Channels-first float32 values in [0, 1].

    Args:
        image: RGB picture.
    """
    pixels = torch.from_numpy(np.array(image, dtype=np.uint8))
    return pixels.permute(2, 0, 1).contiguous().float() / 255


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
        whole = Box(0, 0, image.width, image.height)
        pixels = random_crop(image, whole, config, key.rng())
    else:
        pixels = center_crop(image, config.image_size)
    return {"image": pixels, "index": torch.tensor(key.index)}


def image_size_of(data: ComponentConfig) -> int:
    """The side of the square pictures that a data set gives, for photographs to be cut to it.

    Args:
        data: Configuration of a data set.

    Raises:
        CapabilityError: If its pictures are of any size.
    """
    size = getattr(data, "image_size", None)
    if not isinstance(size, int):
        raise CapabilityError(
            f"data set {data.type!r} does not say to what size photographs are cut."
        )
    return size
