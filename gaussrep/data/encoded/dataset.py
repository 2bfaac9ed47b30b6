"""EncodedImages: images that are read by number from larger files, and crops of them."""

from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Int64
from torch import Tensor
from torch.utils.data import Dataset

from gaussrep.data.crops import make_sample
from gaussrep.data.encoded.config import EncodedImagesConfig
from gaussrep.data.image_files import decode_image, held_out_names
from gaussrep.data.pieces import Pieces
from gaussrep.data.sample import SampleKey, Split
from gaussrep.errors import DataError

MAX_CLASSES = 1_000_000
"""Largest number of classes that labels may imply (design choice)."""


@runtime_checkable
class EncodedImages(Protocol):
    """Encoded images, read by number.

    Attributes:
        labels: Their classes, at least 0; None if they have none.
        class_names: Names of the classes, if the files list them.
        piece_ends: Where the pieces of the files that are read at once end, such as shards: the
            number of images up to the end of each.
    """

    labels: Int64[np.ndarray, " n"] | None
    class_names: tuple[str, ...]
    piece_ends: Int64[np.ndarray, " pieces"]

    def __len__(self) -> int:
        """Return the number of images."""
        ...

    def name(self, number: int) -> str:
        """Return the unique name of an image."""
        ...

    def content(self, number: int) -> bytes:
        """Read the encoded bytes of an image."""
        ...


class EncodedImageDataset(Dataset[dict[str, Tensor]]):
    """Crops of encoded images, with labels if they have some.

    Training images are cropped and flipped at random, as a pure function of the sample key;
    validation images are center-cropped. Which images are held out depends on their names alone.

    Args:
        images: The images of the split's files.
        config: Crops, and the fraction that is held out.
        split: `train` or `val`.
        divides: Whether the files hold both splits.

    Attributes:
        classes: Names of the classes; a label is a position here. Empty without labels.

    Raises:
        DataError: If there is no image, or a label is not below the number of classes.
    """

    def __init__(
        self, images: EncodedImages, config: EncodedImagesConfig, split: Split, *, divides: bool
    ) -> None:
        if not len(images):
            raise DataError(f"{config.root}: the files of the {split} split hold no image.")
        self.config = config
        self.split: Split = split
        self.classes = _classes(images, config)
        self._images = images
        self._numbers = _numbers_of(images, config, split) if divides else None

    def __len__(self) -> int:
        return len(self._images) if self._numbers is None else len(self._numbers)

    def __getitem__(self, key: SampleKey | int) -> dict[str, Tensor]:
        """Load one image.

        Args:
            key: Index of the image, and the randomness of its crop; a number means epoch 0, seed 0.

        Returns:
            `image`, float32 [3, image_size, image_size] in [0, 1]; `index`, int64; and with labels,
            `label`, int64.

        Raises:
            IndexError: If the index is out of range.
            UnreadableImageError: If the file is missing or the image damaged.
        """
        key = key if isinstance(key, SampleKey) else SampleKey(key)
        number = self._number(key.index)
        image = decode_image(self._images.content(number), self.name_of(key.index))
        sample = make_sample(image, key, self.config, self.split)
        if self._images.labels is None:
            return sample
        return sample | {"label": torch.tensor(self._images.labels[number])}

    def name_of(self, index: int) -> str:
        """Return the name of an image.

        Args:
            index: Index of the sample.

        Returns:
            The name.
        """
        return self._images.name(self._number(index))

    def _number(self, index: int) -> int:
        if not 0 <= index < len(self):
            raise IndexError(f"index {index} is outside 0 to {len(self) - 1}")
        return index if self._numbers is None else int(self._numbers[index])


class StreamedImageDataset(EncodedImageDataset):
    """Crops of encoded images that are read piece by piece; see `EncodedImageDataset`."""

    def pieces(self) -> Pieces:
        """Return the pieces of the files, with the samples of this split in each.

        Returns:
            The pieces, in the order of the samples.
        """
        ends = self._images.piece_ends
        read = np.diff(ends, prepend=0)
        if self._numbers is not None:
            ends = np.searchsorted(self._numbers, ends)
        return Pieces(np.diff(ends, prepend=0), read, self.config.shuffle_buffer)


def open_images(
    images: EncodedImages, config: EncodedImagesConfig, split: Split, *, divides: bool
) -> EncodedImageDataset:
    """Build the data set of a split; see `EncodedImageDataset`.

    Args:
        images: The images of the split's files.
        config: Crops, the fraction that is held out, and whether pieces are read in sequence.
        split: `train` or `val`.
        divides: Whether the files hold both splits.

    Returns:
        The data set.

    Raises:
        DataError: If there is no image, or a label is not below the number of classes.
    """
    kind = StreamedImageDataset if config.streaming else EncodedImageDataset
    return kind(images, config, split, divides=divides)


def _numbers_of(
    images: EncodedImages, config: EncodedImagesConfig, split: Split
) -> Int64[np.ndarray, " m"]:
    names = (images.name(number) for number in range(len(images)))
    held_out = held_out_names(names, len(images), config.val_fraction)
    if split == "val" and not held_out.any():
        raise DataError(f"{config.root}: there is one image; nothing can be held out.")
    return np.flatnonzero(held_out == (split == "val"))


def _classes(images: EncodedImages, config: EncodedImagesConfig) -> tuple[str, ...]:
    if images.labels is None:
        return ()
    highest, names = int(images.labels.max()), images.class_names
    count = config.classes or len(names) or min(highest + 1, MAX_CLASSES)
    for label in (highest, int(images.labels.min())):
        if not 0 <= label < count:
            raise DataError(f"{config.root}: a label is {label}; expected 0 to {count - 1}.")
    return names if len(names) == count else tuple(map(str, range(count)))
