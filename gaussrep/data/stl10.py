"""`stl10`: few labeled pictures of 96 pixels, and 100,000 without labels."""

import numpy as np
from einops import rearrange

from gaussrep.data.labeled_config import Stl10Config
from gaussrep.data.picture_array import PictureArray
from gaussrep.data.sample import Split
from gaussrep.data.verified_set import open_verified

CLASSES = (
    "airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck",
)  # fmt: skip
"""The classes in the order of their labels: the `class_names.txt` of the data set."""


def stl10(config: Stl10Config, split: Split = "train") -> PictureArray:
    """STL-10: 10 classes, 5,000 pictures for training and 8,000 for validation.

    With `unlabeled` the training split is the 100,000 pictures without labels instead, which is
    what methods are pretrained on; they take 2.8 GB of memory. The validation split stays the same.
    torchvision compares all files with their published checksums each time.

    Args:
        config: Folder, crops, and which pictures to train on.
        split: `train`, or `val` for the published test set.

    Returns:
        The pictures, with labels unless they are the unlabeled ones.

    Raises:
        DataError: If the data set is missing, damaged, or cannot be downloaded.
    """
    from torchvision.datasets import STL10

    unlabeled = config.unlabeled and split == "train"
    part = "unlabeled" if unlabeled else {"train": "train", "val": "test"}[split]
    found = open_verified(STL10, "STL-10", STL10.base_folder, config, split=part)
    pictures = rearrange(found.data, "n channels height width -> n height width channels")
    if unlabeled:
        return PictureArray(pictures, None, (), config, split)
    return PictureArray(pictures, np.asarray(found.labels), CLASSES, config, split)
