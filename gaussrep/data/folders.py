"""`folders`: pictures in one folder per class, as ImageNet, Imagenette and many others come."""

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from gaussrep.data.class_folders import (
    check_same_classes,
    label_names,
    list_classes,
    split_folder,
)
from gaussrep.data.image_listing import list_images
from gaussrep.data.labeled_config import FoldersConfig
from gaussrep.data.picture_files import PictureFiles
from gaussrep.data.sample import Split, make_sample
from gaussrep.data.sample_key import SampleKey

TRAIN = ("train",)
VAL = ("val", "test")
"""What the folders of the splits may be called, the preferred name first."""


class ClassFolders(Dataset[dict[str, Tensor]]):
    """Pictures whose classes are the folders that they lie in: `train/dog/1.jpg`, `val/dog/7.jpg`.

    Training pictures are cut and mirrored at random, as a pure function of the sample key;
    validation pictures show their central square. Folders inside a class belong to that class. The
    training split looks at `train/` alone, so pretraining needs no other folder.

    Args:
        config: Folder and crops.
        split: `train` reads `train/`; `val` reads `val/`, or `test/` where there is no `val/`.

    Attributes:
        classes: Names of the classes, sorted; a label is a position here.

    Raises:
        DataError: If a folder is missing or empty, a picture lies in no class, or the splits have
            different classes.
    """

    def __init__(self, config: FoldersConfig, split: Split = "train") -> None:
        train = split_folder(config.root, TRAIN)
        folder = train if split == "train" else split_folder(config.root, VAL)
        names = list_images(folder)
        self.classes = list_classes(folder)
        self._labels = np.array(label_names(names, self.classes, folder), dtype=np.int64)
        check_same_classes(list_classes(train), self.classes, train, folder)
        self._files = PictureFiles(folder, names)
        self.config = config
        self.split: Split = split

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, key: SampleKey | int) -> dict[str, Tensor]:
        """Load one picture.

        Args:
            key: Which picture, and the randomness of its crop; a number means epoch 0, seed 0.

        Returns:
            `image`, float32 [3, size, size] in [0, 1]; `label` and `index`, int64.

        Raises:
            UnreadableImageError: If the file is missing or damaged.
        """
        key = key if isinstance(key, SampleKey) else SampleKey(key)
        sample = make_sample(self._files[key.index], key, self.config, self.split)
        return sample | {"label": torch.tensor(self._labels[key.index])}
