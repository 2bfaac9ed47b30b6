"""The data set `photos`: crops of images inside the scikit-image and scikit-learn wheels."""

from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from gaussrep.data.config import PhotosConfig
from gaussrep.data.crops import Box, random_crop, resize_crop, to_tensor
from gaussrep.data.image_files import read_image
from gaussrep.data.sample import SampleKey
from gaussrep.errors import UnavailableError

HELD_OUT = 0.25


@dataclass(frozen=True, slots=True)
class SplitImage:
    """One image, with a strip that is held out.

    Args:
        image: The whole image, RGB.
        edge: Side of the held-out strip, which is a quarter of the image.
    """

    image: Image.Image
    edge: Literal["left", "right", "bottom"]

    @property
    def strip(self) -> Box:
        """The strip for validation."""
        width, height = self.image.size
        if self.edge == "bottom":
            return Box(0, height - int(height * HELD_OUT), width, height)
        side = int(width * HELD_OUT)
        left = 0 if self.edge == "left" else width - side
        return Box(left, 0, left + side, height)

    @property
    def rest(self) -> Box:
        """The region for training: everything but the strip."""
        width, height = self.image.size
        if self.edge == "bottom":
            return Box(0, 0, width, self.strip.top)
        if self.edge == "left":
            return Box(self.strip.right, 0, width, height)
        return Box(0, 0, self.strip.left, height)

    def squares(self, count: int) -> list[Box]:
        """Return one square of high contrast from each part of the strip.

        The strip is divided along its longer side; of each part the square with the highest
        contrast is taken.

        Args:
            count: Number of parts.

        Returns:
            `count` squares.
        """
        gray = np.asarray(self.image.convert("L"), dtype=np.float64)

        def contrast(box: Box) -> float:
            return float(gray[box.top : box.bottom, box.left : box.right].std())

        return [max(_squares(part), key=contrast) for part in _parts(self.strip, count)]


def read_photos() -> list[SplitImage]:
    """Read the eight images of the data set `photos` from the installed packages.

    The held-out edge of each was chosen so that it shows something. The second half of the stereo
    pair motorcycle_left is not used: its training crops would show the held-out strip of the first.

    Returns:
        Images, always in the same order.

    Raises:
        UnavailableError: If scikit-image or scikit-learn is not installed.
        UnreadableImageError: If the installed version does not carry one of the files.
    """
    skimage = _folder("skimage", "scikit-image") / "data"
    sklearn = _folder("sklearn", "scikit-learn") / "datasets" / "images"
    return [
        SplitImage(read_image(skimage / "astronaut.png"), "right"),
        SplitImage(read_image(skimage / "chelsea.png"), "left"),
        SplitImage(read_image(skimage / "coffee.png"), "bottom"),
        SplitImage(read_image(skimage / "hubble_deep_field.jpg"), "right"),
        SplitImage(read_image(skimage / "motorcycle_left.png"), "right"),
        SplitImage(read_image(skimage / "rocket.jpg"), "bottom"),
        SplitImage(read_image(sklearn / "china.jpg"), "left"),
        SplitImage(read_image(sklearn / "flower.jpg"), "bottom"),
    ]


def _folder(package: str, distribution: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise UnavailableError(
            f"data set 'photos' needs {distribution}: pip install {distribution}"
        )
    return Path(spec.origin).parent


def _parts(strip: Box, count: int) -> list[Box]:
    if strip.width > strip.height:
        cuts = [strip.left + strip.width * number // count for number in range(count + 1)]
        return [Box(a, strip.top, b, strip.bottom) for a, b in pairwise(cuts)]
    cuts = [strip.top + strip.height * number // count for number in range(count + 1)]
    return [Box(strip.left, a, strip.right, b) for a, b in pairwise(cuts)]


def _squares(part: Box) -> list[Box]:
    side = min(part.width, part.height)
    step = max(side // 8, 1)
    return [
        Box(left, top, left + side, top + side)
        for top in range(part.top, part.bottom - side + 1, step)
        for left in range(part.left, part.right - side + 1, step)
    ]


class Photos(Dataset[dict[str, Tensor]]):
    """Crops of the color images inside scikit-image and scikit-learn, without download.

    A strip of a quarter of each image is held out for validation. Training crops are drawn
    from the rest at random, as a pure function of the sample key; validation crops are always the
    same squares of the strips. The splits share no pixel.

    Args:
        config: Crops and their number.
        split: `train` or `val`.

    Raises:
        UnavailableError: If scikit-image or scikit-learn is not installed.
        UnreadableImageError: If an installed version lacks one of the images.
    """

    def __init__(self, config: PhotosConfig, split: Literal["train", "val"] = "train") -> None:
        self.config = config
        self.split = split
        self._photos = read_photos()
        self._squares = [
            (photo.image, box) for photo in self._photos for box in photo.squares(config.val_crops)
        ]

    def __len__(self) -> int:
        return self.config.samples if self.split == "train" else len(self._squares)

    def __getitem__(self, key: SampleKey | int) -> dict[str, Tensor]:
        """Cut one crop.

        Args:
            key: Index of the crop, and its randomness; a number means epoch 0, seed 0.

        Returns:
            `image`, float32 [3, image_size, image_size] in [0, 1], and `index`, int64.

        Raises:
            IndexError: If the index is out of range.
        """
        key = key if isinstance(key, SampleKey) else SampleKey(key)
        if not 0 <= key.index < len(self):
            raise IndexError(f"index {key.index} is outside 0 to {len(self) - 1}")
        if self.split == "train":
            photo = self._photos[key.index % len(self._photos)]
            box = photo.rest
            pixels = random_crop(photo.image, box, self.config, key.rng())
        else:
            pixels = to_tensor(resize_crop(*self._squares[key.index], self.config.image_size))
        return {"image": pixels, "index": torch.tensor(key.index)}
