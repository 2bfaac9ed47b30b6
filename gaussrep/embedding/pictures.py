"""The pictures of a folder, readable or not."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from gaussrep.data.crops import central_square
from gaussrep.data.image_file import UnreadableImageError
from gaussrep.data.picture_files import PictureFiles
from gaussrep.data.sample_key import SampleKey


class Pictures:
    """Central squares of pictures; a damaged one is black and says so.

    Args:
        root: Folder of the pictures.
        names: Paths relative to it.
        size: Side of the result in pixels.
    """

    def __init__(self, root: Path, names: Sequence[str], size: int) -> None:
        self._files = PictureFiles(root, names)
        self._size = size

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, key: SampleKey) -> dict[str, Tensor]:
        """Read one picture.

        Args:
            key: Which one.

        Returns:
            `image`, float32 [3, size, size] in [0, 1]; `index`, int64; `readable`, bool.
        """
        sample = {"index": torch.tensor(key.index)}
        try:
            picture = self._files[key.index]
        except UnreadableImageError:
            black = torch.zeros(3, self._size, self._size)
            return {**sample, "image": black, "readable": torch.tensor(False)}
        pixels = central_square(picture, self._size)
        return {**sample, "image": pixels, "readable": torch.tensor(True)}
