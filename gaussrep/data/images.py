"""`images`: a folder of pictures."""

from torch import Tensor
from torch.utils.data import Dataset

from gaussrep.data.config import ImagesConfig
from gaussrep.data.image_listing import list_images, split_images
from gaussrep.data.picture_files import PictureFiles
from gaussrep.data.sample import Split, make_sample
from gaussrep.data.sample_key import SampleKey
from gaussrep.errors import DataError


class ImageFolder(Dataset[dict[str, Tensor]]):
    """The pictures of a folder and its subfolders, in sorted order.

    Training pictures are cut and mirrored at random, as a pure function of the sample key;
    validation pictures show their central square. Files are first looked into when they are
    loaded: a damaged one raises `UnreadableImageError` then, in whichever process loads it.

    Args:
        config: Folder and crops.
        split: Which part of the pictures.

    Raises:
        DataError: If the folder is missing or empty, or the split has no picture.
    """

    def __init__(self, config: ImagesConfig, split: Split = "train") -> None:
        train, val = split_images(list_images(config.root), config.val_share)
        names = train if split == "train" else val
        if not names:
            raise DataError(
                f"{config.root}: this folder holds a single picture, so none is left for "
                "validation; add another one."
            )
        self.config = config
        self.split: Split = split
        self._files = PictureFiles(config.root, names)

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, key: SampleKey | int) -> dict[str, Tensor]:
        """Load one picture.

        Args:
            key: Which picture, and the randomness of its crop; a number means epoch 0, seed 0.

        Returns:
            `image`, float32 [3, size, size] in [0, 1], and `index`, int64.

        Raises:
            UnreadableImageError: If the file is missing or damaged.
        """
        key = key if isinstance(key, SampleKey) else SampleKey(key)
        return make_sample(self._files[key.index], key, self.config, self.split)
