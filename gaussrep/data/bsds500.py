"""The data set `bsds500`: images with the boundaries that several annotators drew."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from jaxtyping import Bool, Int64
from torch import Tensor
from torch.utils.data import Dataset

from gaussrep.data.config import BSDS500Config
from gaussrep.data.crops import to_tensor
from gaussrep.data.image_files import SUFFIXES, read_image
from gaussrep.data.mat_file import read_mat_variable
from gaussrep.data.sample import SampleKey
from gaussrep.data.unreadable import UnreadableFileError
from gaussrep.errors import DataError


class UnreadableAnnotationsError(UnreadableFileError):
    """A file of annotations is damaged, or does not belong to its image."""


@dataclass(frozen=True, slots=True)
class Annotations:
    """The annotations of one image.

    Args:
        boundaries: True on boundaries between segments, one map per annotator.
        segments: Segment numbers, one map per annotator.
    """

    boundaries: Bool[np.ndarray, "annotators height width"]
    segments: Int64[np.ndarray, "annotators height width"]


def read_annotations(path: Path, height: int, width: int) -> Annotations:
    """Read the file's `groundTruth{i}.Boundaries` and `groundTruth{i}.Segmentation`.

    Args:
        path: A `.mat` file of BSDS500.
        height: Rows of the image.
        width: Columns of the image.

    Returns:
        At least one annotator's maps.

    Raises:
        UnreadableAnnotationsError: If the file is damaged or is not for such an image.
    """
    maps = _read_maps(path)
    for name, found in maps:
        if found.shape != (height, width):
            raise UnreadableAnnotationsError(
                f"{path}: {name} has the shape {found.shape}, expected that of the image, "
                f"{(height, width)}; take both files from the same copy of BSDS500."
            )
    boundaries = [found for name, found in maps if name == "Boundaries"]
    segments = [found for name, found in maps if name == "Segmentation"]
    return Annotations(np.stack(boundaries) > 0, np.stack(segments))


def _read_maps(path: Path) -> list[tuple[str, np.ndarray]]:
    names = ("Boundaries", "Segmentation")
    try:
        annotators = read_mat_variable(path, "groundTruth")
        if not isinstance(annotators, list):
            raise TypeError("groundTruth is not a cell array")
        maps = [(name, _whole(drawn[name])) for (drawn,) in annotators for name in names]
    except (OSError, KeyError, TypeError, ValueError) as error:
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise UnreadableAnnotationsError(
            f"{path}: these annotations cannot be read ({reason}); get them again from BSDS500."
        ) from error
    if not maps:
        raise UnreadableAnnotationsError(f"{path}: this file holds no annotator's maps.")
    return maps


def _whole(numbers: np.ndarray) -> Int64[np.ndarray, "height width"]:
    """Convert to whole numbers, which MATLAB may have stored as floats."""
    if not np.isfinite(numbers).all():
        raise ValueError("a map has numbers that are not finite")
    return numbers.astype(np.int64)


PLACES = (".", "data", "BSDS500/data", "BSR/BSDS500/data")
"""Possible folders of the data under the root; the archive BSR_bsds500.tgz has the last."""


def list_pairs(root: Path, split: str) -> list[tuple[Path, Path]]:
    """Pair each image with its annotations.

    Args:
        root: Folder of the data or of the published archive.
        split: Name of the subfolders.

    Returns:
        Images and MATLAB files, sorted by name.

    Raises:
        DataError: If a folder is missing or empty, or a file has no partner.
    """
    data = _data_folder(root)
    images = _by_stem(data / "images" / split, SUFFIXES)
    annotations = _by_stem(data / "groundTruth" / split, (".mat",))
    for stem in sorted(images.keys() ^ annotations.keys()):
        if stem in images:
            lacks = data / "groundTruth" / split / f"{stem}.mat"
            raise DataError(f"{images[stem]}: this image's annotations, {lacks}, are missing.")
        lacks = data / "images" / split / f"{stem}.jpg"
        raise DataError(f"{annotations[stem]}: the image for these, {lacks}, is missing.")
    if not images:
        raise DataError(f"{data / 'images' / split}: this folder holds no image.")
    return [(images[stem], annotations[stem]) for stem in sorted(images)]


def _data_folder(root: Path) -> Path:
    for place in PLACES:
        if (root / place / "images").is_dir() and (root / place / "groundTruth").is_dir():
            return root / place
    raise DataError(
        f"{root}: expected the folder of BSDS500 that holds the folders images and groundTruth."
    )


def _by_stem(folder: Path, suffixes: tuple[str, ...]) -> dict[str, Path]:
    try:
        return {
            path.stem: path
            for path in folder.iterdir()
            if path.name.lower().endswith(suffixes) and not path.name.startswith(".")
        }
    except OSError as error:
        raise DataError(f"{folder}: cannot be read: {error.strerror}.") from error


class BSDS500(Dataset[dict[str, Tensor]]):
    """Berkeley's images with the boundaries that several annotators drew, in sorted order.

    Images are neither cropped nor resized, so sizes and numbers of annotators vary and a batch
    consists of one sample. Arbelaez, Maire, Fowlkes and Malik, "Contour Detection and Hierarchical
    Image Segmentation", PAMI 2011.

    Args:
        config: Folder of the data set.
        split: `train` or `val`.

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
        """Load one image and all of its annotations.

        Args:
            key: Index of the image; the epoch and the seed have no influence.

        Returns:
            `image`, float32 [3, H, W] in [0, 1]; `index`, int64; and for A annotators
            `boundaries`, bool [A, H, W], and `segments`, int64 [A, H, W].

        Raises:
            IndexError: If the index is out of range.
            UnreadableImageError: If the image is damaged.
            UnreadableAnnotationsError: If the annotations are damaged or of another size.
        """
        index = key.index if isinstance(key, SampleKey) else key
        if not 0 <= index < len(self):
            raise IndexError(f"index {index} is outside 0 to {len(self) - 1}")
        file, drawn = self._pairs[index]
        image = read_image(file)
        annotations = read_annotations(drawn, image.height, image.width)
        return {
            "image": to_tensor(image),
            "index": torch.tensor(index),
            "boundaries": torch.from_numpy(annotations.boundaries),
            "segments": torch.from_numpy(annotations.segments),
        }
