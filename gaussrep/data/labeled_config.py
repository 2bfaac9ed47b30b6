"""Settings of the data sets whose pictures have labels (torch-free)."""

from pathlib import Path

from pydantic import Field

from gaussrep.data.config import CropConfig


class FoldersConfig(CropConfig):
    """Settings of the `folders` data set."""

    root: Path
    """Folder that holds `train/` and `val/` (or `test/`), each with one folder per class."""


class ImageNetConfig(FoldersConfig):
    """Settings of the `imagenet` data set: those of `folders`."""


class ImagenetteConfig(FoldersConfig):
    """Settings of the `imagenette` data set: those of `folders`."""


class DownloadConfig(CropConfig):
    """What the data sets that can be downloaded share."""

    root: Path
    """Folder that the data set's own folder lies in."""
    download: bool = False
    """Whether to download the data set into `root` where it is missing."""


class Cifar10Config(DownloadConfig):
    """Settings of the `cifar10` data set."""

    size: int = Field(default=32, ge=1)
    """Side of the square output in pixels."""


class Cifar100Config(DownloadConfig):
    """Settings of the `cifar100` data set."""

    size: int = Field(default=32, ge=1)
    """Side of the square output in pixels."""


class Stl10Config(DownloadConfig):
    """Settings of the `stl10` data set."""

    size: int = Field(default=96, ge=1)
    """Side of the square output in pixels."""
    unlabeled: bool = False
    """Whether to train on the 100,000 unlabeled pictures rather than on the 5,000 labeled."""
