"""Picture files of one folder, read when they are asked for."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from gaussrep.data.image_file import read_image


class PictureFiles:
    """Pictures on the disk, by number.

    The names lie in one array instead of many strings: forked workers then share its memory.

    Args:
        root: The folder.
        names: Paths relative to `root`.
    """

    def __init__(self, root: Path, names: Sequence[str]) -> None:
        self.root = root
        self._names = np.array([os.fsencode(name) for name in names])

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, index: int) -> Image.Image:
        """Read one picture.

        Args:
            index: Its number.

        Returns:
            The decoded picture, mode RGB.

        Raises:
            UnreadableImageError: If the file is missing or damaged.
        """
        return read_image(self.root / os.fsdecode(self._names[index]))
