"""The data set `bsds500`."""

from typing import Literal

import torch
from torch import Tensor
from torch.utils.data import Dataset

from gaussrep.data.bsds500.annotations import read_annotations
from gaussrep.data.bsds500.config import BSDS500Config
from gaussrep.data.bsds500.listing import list_pairs
from gaussrep.data.crops import to_tensor
from gaussrep.data.image_file import read_image
from gaussrep.data.sample_key import SampleKey


class BSDS500(Dataset[dict[str, Tensor]]):
    """Berkeley's photographs with the boundaries that several people drew, in sorted order.

    Nothing is cut or resampled, so sizes and numbers of annotators vary: batches hold one sample.
    Arbelaez, Maire, Fowlkes and Malik, "Contour Detection and Hierarchical Image Segmentation",
    PAMI 2011.

    Args:
        config: Where the files are.
        split: Which of the folders.

    Raises:
        DataError: If a folder or file is missing.
    """

    def __init__(self, config: BSDS500Config, split: Literal["train", "val"] = "train") -> None:
        self.config = config
        self.split = split
        self._pairs = list_pairs(config.root, split)

    def __len__(self) -> int:
        return len(self._pairs)

    def __getitem__(self, key: SampleKey | int) -> dict[str, Tensor]:
        """Load one photograph and all of its annotations.

        Args:
            key: Which one; only its index matters.

        Returns:
            `image`, float32 [3, H, W] in [0, 1]; `index`, int64; and for A annotators
            `boundaries`, bool [A, H, W], and `segments`, int64 [A, H, W].

        Raises:
            UnreadableImageError: If the photograph is damaged.
            UnreadableAnnotationsError: If the annotations are damaged or of another size.
        """
        index = key.index if isinstance(key, SampleKey) else key
        if not 0 <= index < len(self):
            raise IndexError(f"index {index} is outside 0 to {len(self) - 1}")
        photograph, drawn = self._pairs[index]
        image = read_image(photograph)
        annotations = read_annotations(drawn, image.height, image.width)
        return {
            "image": to_tensor(image),
            "index": torch.tensor(index),
            "boundaries": torch.from_numpy(annotations.boundaries),
            "segments": torch.from_numpy(annotations.segments),
        }
