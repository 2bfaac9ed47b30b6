"""The data sets `cifar10`, `cifar100` and `stl10`, read by torchvision."""

import logging
from collections.abc import Callable
from http.client import HTTPException
from typing import Any, TypeVar

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Integer, UInt8
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from gaussrep.data.config import (
    Cifar10Config,
    Cifar100Config,
    CropConfig,
    DownloadConfig,
    Stl10Config,
)
from gaussrep.data.crops import make_sample
from gaussrep.data.sample import SampleKey, Split
from gaussrep.errors import DataError
from gaussrep.runtime.console import paused_progress

logger = logging.getLogger("gaussrep.data")


class ImageArray(Dataset[dict[str, Tensor]]):
    """Images of one size in memory, with or without labels.

    Training images are cropped and flipped at random, as a pure function of the sample key;
    validation images are shown whole.

    Args:
        images: RGB; forked workers share their memory.
        labels: Positions in `classes`; None without labels.
        classes: Names of the classes, in the order of the labels; empty without labels.
        config: Crops.
        split: `train` or `val`.
    """

    def __init__(
        self,
        images: UInt8[np.ndarray, "n height width 3"],
        labels: Integer[np.ndarray, " n"] | None,
        classes: tuple[str, ...],
        config: CropConfig,
        split: Split = "train",
    ) -> None:
        self.classes = classes
        self.config = config
        self.split: Split = split
        self._images = images
        self._labels = labels

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, key: SampleKey | int) -> dict[str, Tensor]:
        """Crop one image.

        Args:
            key: Index of the image, and the randomness of its crop; a number means epoch 0, seed 0.

        Returns:
            `image`, float32 [3, image_size, image_size] in [0, 1]; `index`, int64; and with labels,
            `label`, int64.
        """
        key = key if isinstance(key, SampleKey) else SampleKey(key)
        image = Image.fromarray(self._images[key.index])
        sample = make_sample(image, key, self.config, self.split)
        if self._labels is None:
            return sample
        return sample | {"label": torch.tensor(int(self._labels[key.index]))}


Opened = TypeVar("Opened")


def open_verified(opener: Callable[..., Opened], config: DownloadConfig, **which: object) -> Opened:
    """Open a data set whose files torchvision verifies.

    Args:
        opener: torchvision's class.
        config: Root folder, and whether to download.
        **which: Arguments for `opener` that select a part of the data set.

    Returns:
        The data set.

    Raises:
        DataError: If it is missing, differs from its checksums, or cannot be downloaded.
    """
    if not config.download or (config.root / config.folder).is_dir():
        return _open(opener, config, **which)
    logger.info("downloading %s to %s", config.published_name, config.root)
    with paused_progress():  # torchvision shows a bar of its own
        return _open(opener, config, **which)


def _open(opener: Callable[..., Opened], config: DownloadConfig, **which: object) -> Opened:
    try:
        return opener(config.root, download=config.download, **which)
    except (RuntimeError, OSError, HTTPException) as error:
        if config.download:
            reason = str(error).partition("\n")[0].rstrip(".")
            raise DataError(
                f"{config.root}: {config.published_name} cannot be downloaded to this folder: "
                f"{reason}."
            ) from error
        raise DataError(config.missing) from error


def cifar10(config: Cifar10Config, split: Split = "train") -> ImageArray:
    """Open CIFAR-10: 10 classes, 50,000 images for training and 10,000 for validation.

    Its files are pickles. torchvision compares each with its published checksum before unpickling
    it; a modified file is refused unread.

    Args:
        config: Folder and crops.
        split: `train`, or `val` for the published test set.

    Returns:
        The images, with labels.

    Raises:
        DataError: If the data set is missing, damaged, or cannot be downloaded.
    """
    from torchvision.datasets import CIFAR10

    train = split == "train"
    found = open_verified(CIFAR10, config, train=train)
    return _images(found, config, split)


def cifar100(config: Cifar100Config, split: Split = "train") -> ImageArray:
    """Open CIFAR-100: 100 fine classes, 50,000 images for training and 10,000 for validation.

    Its files are pickles, verified like those of `cifar10`.

    Args:
        config: Folder and crops.
        split: `train`, or `val` for the published test set.

    Returns:
        The images, with fine labels.

    Raises:
        DataError: If the data set is missing, damaged, or cannot be downloaded.
    """
    from torchvision.datasets import CIFAR100

    train = split == "train"
    found = open_verified(CIFAR100, config, train=train)
    return _images(found, config, split)


def _images(found: Any, config: DownloadConfig, split: Split) -> ImageArray:
    labels = np.array(found.targets, dtype=np.int64)
    return ImageArray(found.data, labels, tuple(found.classes), config, split)


CLASSES = (
    "airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck",
)  # fmt: skip
"""The classes in the order of their labels: the `class_names.txt` of the data set."""


def stl10(config: Stl10Config, split: Split = "train") -> ImageArray:
    """Open STL-10: 10 classes, 5,000 images for training and 8,000 for validation.

    With `unlabeled`, the training split is instead the 100,000 images without labels, the common
    choice for pretraining; they take 2.8 GB of memory. The validation split stays the same.
    torchvision compares all files with their published checksums each time.

    Args:
        config: Folder, crops, and the training images.
        split: `train`, or `val` for the published test set.

    Returns:
        The images, with labels unless they are the unlabeled ones.

    Raises:
        DataError: If the data set is missing, damaged, or cannot be downloaded.
    """
    from torchvision.datasets import STL10

    unlabeled = config.unlabeled and split == "train"
    part = "unlabeled" if unlabeled else {"train": "train", "val": "test"}[split]
    found = open_verified(STL10, config, split=part)
    images = rearrange(found.data, "n channels height width -> n height width channels")
    if unlabeled:
        return ImageArray(images, None, (), config, split)
    return ImageArray(images, np.asarray(found.labels), CLASSES, config, split)
