"""The data sets `images` and `folders`: images on the disk, with or without classes."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from gaussrep.data.config import FoldersConfig, ImagesConfig
from gaussrep.data.crops import Box, make_sample
from gaussrep.data.folder_checks import TRAIN, VAL, split_folder
from gaussrep.data.image_files import ImageFiles, join_some, list_images, split_images
from gaussrep.data.photos import SplitImage
from gaussrep.data.sample import SampleKey, Split
from gaussrep.errors import DataError

FEWEST = 256
"""Training crops per epoch of a folder with fewer images, so that a step finds enough of them; a
design choice."""


SMALLEST = 4
"""Longer side in pixels below which a single image is not divided."""


class ImageFolder(Dataset[dict[str, Tensor]]):
    """The images of a folder and its subfolders, in sorted order.

    Training images are cropped and flipped at random, as a pure function of the sample key;
    validation images are center-cropped. Of a single image the validation split shows the last
    quarter of its longer side, and training crops are drawn from the rest. Files are opened only
    when they are loaded: a damaged one raises `UnreadableImageError` in the process that loads it.

    Args:
        config: Folder and crops.
        split: `train` or `val`.

    Raises:
        DataError: If the folder is missing or empty.
    """

    def __init__(self, config: ImagesConfig, split: Split = "train") -> None:
        train, val = split_images(list_images(config.root), config.val_fraction)
        self.config = config
        self.split: Split = split
        self._is_single = not val
        self._files = ImageFiles(config.root, train if split == "train" else val or train)

    def __len__(self) -> int:
        count = len(self._files)
        if self.split == "val":
            return count
        return self.config.samples or count * max(1, -(-FEWEST // count))

    def __getitem__(self, key: SampleKey | int) -> dict[str, Tensor]:
        """Load one image.

        Args:
            key: Index of the sample, and the randomness of its crop; a number means epoch 0, seed
                0.

        Returns:
            `image`, float32 [3, image_size, image_size] in [0, 1], and `index`, int64.

        Raises:
            IndexError: If the index is out of range.
            UnreadableImageError: If the file is missing or damaged.
        """
        key = key if isinstance(key, SampleKey) else SampleKey(key)
        if not 0 <= key.index < len(self):
            raise IndexError(f"index {key.index} is outside 0 to {len(self) - 1}")
        image = self._files[(key.index + key.epoch * len(self)) % len(self._files)]
        return make_sample(image, key, self.config, self.split, self._box(image))

    def name_of(self, index: int) -> str:
        """Return the path of an image relative to its folder.

        Args:
            index: Index of the sample.

        Returns:
            The path.
        """
        return self._files.name(index % len(self._files))

    def _box(self, image: Image.Image) -> Box | None:
        """Return the part of a single image that the split shows; None for the whole image."""
        if not self._is_single or max(image.size) < SMALLEST:
            return None
        divided = SplitImage(image, "right" if image.width >= image.height else "bottom")
        return divided.rest if self.split == "train" else divided.strip


def list_classes(folder: Path) -> tuple[str, ...]:
    """List the classes of a split: its folders, except hidden ones.

    Args:
        folder: Folder of the split.

    Returns:
        Names, sorted.

    Raises:
        DataError: If the folder cannot be read.
    """
    try:
        inside = [entry.name for entry in folder.iterdir() if entry.is_dir()]
    except OSError as error:
        raise DataError(f"{folder}: cannot be read: {error.strerror}.") from error
    return tuple(sorted(name for name in inside if not name.startswith(".")))


def check_same_classes(wanted: Sequence[str], given: Sequence[str], train: Path, val: Path) -> None:
    """Raise unless two splits have the same classes.

    Args:
        wanted: Classes of the training split.
        given: Classes of the validation split.
        train: Folder of the training split, for the message.
        val: Folder of the validation split, for the message.

    Raises:
        DataError: If a class is in one split only.
    """
    missing = sorted(set(wanted) - set(given))
    strange = sorted(set(given) - set(wanted))
    if missing or strange:
        lacks = f"lacks {join_some(missing)}" if missing else ""
        has = f"has {join_some(strange)} besides" if strange else ""
        raise DataError(
            f"{val}: {' and '.join(filter(None, (lacks, has)))}; expected the same folders as in "
            f"{train}, one per class."
        )


def label_names(names: Sequence[str], classes: Sequence[str], folder: Path) -> list[int]:
    """Derive the label of each image from its folder.

    Args:
        names: Paths of the images relative to the split's folder, with forward slashes.
        classes: Names of the split's folders; a class's label is its position here.
        folder: Folder of the split, for the message.

    Returns:
        One label per image.

    Raises:
        DataError: If an image is in no class, or a class has no image.
    """
    loose = [name for name in names if "/" not in name]
    if loose:
        raise DataError(
            f"{folder}: {join_some(loose)} in no class; expected each image in the folder of its "
            "class."
        )
    number = {name: label for label, name in enumerate(classes)}
    labels = [number[name.partition("/")[0]] for name in names]
    empty = [classes[label] for label in sorted(set(number.values()) - set(labels))]
    if empty:
        raise DataError(f"{folder}: no image in {join_some(empty)}; fill the folder or remove it.")
    return labels


class ClassFolders(Dataset[dict[str, Tensor]]):
    """Images whose classes are their folders: `train/dog/1.jpg`, `val/dog/7.jpg`.

    Training images are cropped and flipped at random, as a pure function of the sample key;
    validation images are center-cropped. Folders inside a class belong to that class. The training
    split reads `train/` alone, so pretraining needs no other folder.

    Args:
        config: Folder and crops.
        split: `train` reads `train/`; `val` reads `val/`, or `test/` if there is no `val/`.

    Attributes:
        classes: Names of the classes, sorted; a label is a position here.

    Raises:
        DataError: If a folder is missing or empty, an image is in no class, or the splits have
            different classes.
    """

    def __init__(self, config: FoldersConfig, split: Split = "train") -> None:
        train = split_folder(config.root, TRAIN)
        folder = train if split == "train" else split_folder(config.root, VAL)
        names = list_images(folder)
        self.classes = list_classes(folder)
        self._labels = np.array(label_names(names, self.classes, folder), dtype=np.int64)
        check_same_classes(list_classes(train), self.classes, train, folder)
        self._files = ImageFiles(folder, names)
        self.config = config
        self.split: Split = split

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, key: SampleKey | int) -> dict[str, Tensor]:
        """Load one image.

        Args:
            key: Index of the image, and the randomness of its crop; a number means epoch 0, seed 0.

        Returns:
            `image`, float32 [3, image_size, image_size] in [0, 1]; `label` and `index`, int64.

        Raises:
            UnreadableImageError: If the file is missing or damaged.
        """
        key = key if isinstance(key, SampleKey) else SampleKey(key)
        sample = make_sample(self._files[key.index], key, self.config, self.split)
        return sample | {"label": torch.tensor(self._labels[key.index])}

    def name_of(self, index: int) -> str:
        """Return the path of an image relative to the folder of the split.

        Args:
            index: Index of the sample.

        Returns:
            The path.
        """
        return self._files.name(index)
