"""Pictures of one size that lie in memory."""

import numpy as np
import torch
from jaxtyping import Integer, UInt8
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from gaussrep.data.config import CropConfig
from gaussrep.data.sample import Split, make_sample
from gaussrep.data.sample_key import SampleKey


class PictureArray(Dataset[dict[str, Tensor]]):
    """Pictures in one array, with or without labels.

    Training pictures are cut and mirrored at random, as a pure function of the sample key;
    validation pictures are shown whole.

    Args:
        pictures: RGB; forked workers share their memory.
        labels: Positions in `classes`; None where there are none.
        classes: Names of the classes, in the order of the labels; empty without labels.
        config: Crops.
        split: Which part of the pictures these are.
    """

    def __init__(
        self,
        pictures: UInt8[np.ndarray, "n height width 3"],
        labels: Integer[np.ndarray, " n"] | None,
        classes: tuple[str, ...],
        config: CropConfig,
        split: Split = "train",
    ) -> None:
        self.classes = classes
        self.config = config
        self.split: Split = split
        self._pictures = pictures
        self._labels = labels

    def __len__(self) -> int:
        return len(self._pictures)

    def __getitem__(self, key: SampleKey | int) -> dict[str, Tensor]:
        """Cut one picture.

        Args:
            key: Which picture, and the randomness of its crop; a number means epoch 0, seed 0.

        Returns:
            `image`, float32 [3, size, size] in [0, 1]; `index`, int64; and where there are labels,
            `label`, int64.
        """
        key = key if isinstance(key, SampleKey) else SampleKey(key)
        image = Image.fromarray(self._pictures[key.index])
        sample = make_sample(image, key, self.config, self.split)
        if self._labels is None:
            return sample
        return sample | {"label": torch.tensor(int(self._labels[key.index]))}
