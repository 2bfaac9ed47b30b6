"""`photos`: crops of photographs that are already on the disk."""

from typing import Literal

import torch
from torch import Tensor
from torch.utils.data import Dataset

from gaussrep.data import crops
from gaussrep.data.config import PhotosConfig
from gaussrep.data.photographs import read_photographs
from gaussrep.data.sample_key import SampleKey


class Photos(Dataset[dict[str, Tensor]]):
    """Crops of the color photographs inside scikit-image and scikit-learn; nothing is downloaded.

    A strip of a quarter of each photograph is held out for validation. Training crops are drawn
    from the rest at random, as a pure function of the sample key; validation crops are always the
    same squares of the strips. No pixel is seen by both.

    Args:
        config: Crops, and how many of them.
        split: Which part of the photographs.

    Raises:
        UnavailableError: If scikit-image or scikit-learn is not installed.
        UnreadableImageError: If an installed version does not carry one of the photographs.
    """

    def __init__(self, config: PhotosConfig, split: Literal["train", "val"] = "train") -> None:
        self.config = config
        self.split = split
        self._photographs = read_photographs()
        self._squares = [
            (photograph.image, box)
            for photograph in self._photographs
            for box in photograph.squares(config.val_crops)
        ]

    def __len__(self) -> int:
        return self.config.samples if self.split == "train" else len(self._squares)

    def __getitem__(self, key: SampleKey | int) -> dict[str, Tensor]:
        """Cut one crop.

        Args:
            key: Which crop, and its randomness; a number means epoch 0, seed 0.

        Returns:
            `image`, float32 [3, size, size] in [0, 1], and `index`, int64.
        """
        key = key if isinstance(key, SampleKey) else SampleKey(key)
        if not 0 <= key.index < len(self):
            raise IndexError(f"index {key.index} is outside 0 to {len(self) - 1}")
        if self.split == "train":
            photograph = self._photographs[key.index % len(self._photographs)]
            box = photograph.rest
            pixels = crops.random_crop(photograph.image, box, self.config, key.rng())
        else:
            pixels = crops.to_tensor(crops.resized(*self._squares[key.index], self.config.size))
        return {"image": pixels, "index": torch.tensor(key.index)}
