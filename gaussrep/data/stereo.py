"""`stereo`: one image with measured disparities."""

import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from gaussrep.data.crops import to_tensor
from gaussrep.data.image_files import read_image
from gaussrep.data.sample import SampleKey
from gaussrep.errors import DataError, UnavailableError


class Stereo(Dataset[dict[str, Tensor]]):
    """The left image of Middlebury's motorcycle, 500 x 741, from the scikit-image package.

    It is read from the installed package; nothing is downloaded. Both splits consist of this one
    sample. Scharstein et al., "High-Resolution Stereo Datasets with Subpixel-Accurate Ground
    Truth", GCPR 2014, reduced to a quarter of its size.

    Args:
        split: Has no influence.

    Raises:
        UnavailableError: If scikit-image is not installed.
        DataError: If the installed version lacks the files.
    """

    def __init__(self, split: Literal["train", "val"] = "train") -> None:
        self.split = split
        folder = _folder()
        self._image = read_image(folder / "motorcycle_left.png")
        self._disparity = _read_disparity(folder / "motorcycle_disp.npz")

    def __len__(self) -> int:
        return 1

    def __getitem__(self, key: SampleKey | int) -> dict[str, Tensor]:
        """Return the sample.

        Args:
            key: Its index, which is 0.

        Returns:
            `image`, float32 [3, H, W] in [0, 1]; `index`, int64; `disparity`, float32 [H, W],
            pixels by which a point is farther left in the right image, larger is nearer, 0 where
            it was not measured; `valid`, bool [H, W], True where it was measured.

        Raises:
            IndexError: If the index is not 0.
        """
        index = key.index if isinstance(key, SampleKey) else key
        if index != 0:
            raise IndexError(f"index {index} is outside 0 to 0")
        valid = np.isfinite(self._disparity)
        return {
            "image": to_tensor(self._image),
            "index": torch.tensor(index),
            "disparity": torch.from_numpy(np.where(valid, self._disparity, np.float32(0))),
            "valid": torch.from_numpy(valid),
        }


def _folder() -> Path:
    spec = find_spec("skimage")
    if spec is None or spec.origin is None:
        raise UnavailableError("data set 'stereo' needs scikit-image: pip install scikit-image")
    return Path(spec.origin).parent / "data"


def _read_disparity(path: Path) -> np.ndarray:
    try:
        with path.open("rb") as file, np.load(file) as arrays:
            return arrays["arr_0"].astype(np.float32)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        wrong = "is missing" if isinstance(error, FileNotFoundError) else f"is damaged ({error})"
        raise DataError(
            f"{path}: this file of scikit-image {wrong}; install scikit-image 0.26, which has it."
        ) from error
