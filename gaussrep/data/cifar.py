"""`cifar10` and `cifar100`: 60,000 labeled pictures of 32 pixels each, as first published."""

from typing import Any

import numpy as np

from gaussrep.data.labeled_config import Cifar10Config, Cifar100Config, DownloadConfig
from gaussrep.data.picture_array import PictureArray
from gaussrep.data.sample import Split
from gaussrep.data.verified_set import open_verified


def cifar10(config: Cifar10Config, split: Split = "train") -> PictureArray:
    """CIFAR-10: 10 classes, 50,000 pictures for training and 10,000 for validation.

    Its files are pickles. torchvision compares each with its published checksum before it unpickles
    it: a file that was changed is refused unread.

    Args:
        config: Folder and crops.
        split: `train`, or `val` for the published test set.

    Returns:
        The pictures, with labels.

    Raises:
        DataError: If the data set is missing, damaged, or cannot be downloaded.
    """
    from torchvision.datasets import CIFAR10

    train = split == "train"
    found = open_verified(CIFAR10, "CIFAR-10", CIFAR10.base_folder, config, train=train)
    return _pictures(found, config, split)


def cifar100(config: Cifar100Config, split: Split = "train") -> PictureArray:
    """CIFAR-100: 100 fine classes, 50,000 pictures for training and 10,000 for validation.

    Its files are pickles, checked as those of `cifar10` are.

    Args:
        config: Folder and crops.
        split: `train`, or `val` for the published test set.

    Returns:
        The pictures, with fine labels.

    Raises:
        DataError: If the data set is missing, damaged, or cannot be downloaded.
    """
    from torchvision.datasets import CIFAR100

    train = split == "train"
    found = open_verified(CIFAR100, "CIFAR-100", CIFAR100.base_folder, config, train=train)
    return _pictures(found, config, split)


def _pictures(found: Any, config: DownloadConfig, split: Split) -> PictureArray:
    labels = np.array(found.targets, dtype=np.int64)
    return PictureArray(found.data, labels, tuple(found.classes), config, split)
