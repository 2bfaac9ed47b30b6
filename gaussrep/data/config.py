"""Settings of the image data sets (torch-free)."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from gaussrep.config import ComponentConfig
from gaussrep.config.paths import AbsolutePath
from gaussrep.data.folder_checks import TRAIN, require_folder, split_folder
from gaussrep.errors import DataError

Fraction = Annotated[float, Field(gt=0, le=1)]
Positive = Annotated[float, Field(gt=0)]


class CropConfig(ComponentConfig):
    """Settings of random training crops."""

    renamed_keys: ClassVar[Mapping[str, str]] = {"size": "image_size"}
    has_labels: ClassVar[bool] = True
    """Whether samples may have a class."""

    image_size: int = Field(default=224, ge=1)
    """Side of the square output in pixels."""
    scale: tuple[Fraction, Fraction] = (0.2, 1.0)
    """Range of the fraction of the image's area that a training crop covers."""
    ratio: tuple[Positive, Positive] = (3 / 4, 4 / 3)
    """Range of the aspect ratio (width over height) of a training crop, before it is resized to a
    square."""
    flip: float = Field(default=0.5, ge=0, le=1)
    """Probability of a horizontal flip of a training crop."""

    @model_validator(mode="after")
    def _check_order(self) -> "CropConfig":
        for name, (low, high) in (("scale", self.scale), ("ratio", self.ratio)):
            if low > high:
                raise ValueError(f"{name} is ({low}, {high}), expected the smaller number first")
        return self


class ImagesConfig(CropConfig):
    """Settings of the `images` data set."""

    renamed_keys: ClassVar[Mapping[str, str]] = {"val_share": "val_fraction"}
    has_labels: ClassVar[bool] = False

    root: AbsolutePath
    """Folder of images, searched with all its subfolders."""
    val_fraction: float = Field(default=0.05, gt=0, lt=1)
    """Fraction of the images to hold out for validation, chosen by a hash of their names; of two
    images or more at least one. Of a single image the last quarter of its longer side is held
    out."""
    samples: int | None = Field(default=None, ge=1)
    """Training crops per epoch, cycling through the images; by default one per image, and of fewer
    than 256 images equally many of each, at least 256 in all."""

    def preflight(self) -> None:
        """Check that the folder holds an image.

        Raises:
            DataError: It is missing or holds none.
        """
        from gaussrep.data.image_files import require_images  # imports numpy and Pillow

        require_images(self.root)


class PhotosConfig(CropConfig):
    """Settings of the `photos` data set."""

    has_labels: ClassVar[bool] = False

    image_size: int = Field(default=64, ge=1)
    """Side of the square output in pixels."""
    scale: tuple[Fraction, Fraction] = (0.04, 0.5)
    """Smallest and largest fraction of a training region's area that a training crop covers."""
    samples: int = Field(default=2048, ge=1)
    """Training crops per epoch, cycling through the images."""
    val_crops: int = Field(default=2, ge=1, le=16)
    """Validation crops per image."""


class FoldersConfig(CropConfig):
    """Settings of the `folders` data set."""

    root: AbsolutePath
    """Folder that holds `train/` and `val/` (or `test/`), each with one folder per class."""

    def preflight(self) -> None:
        """Check that there is a training split."""
        split_folder(self.root, TRAIN)


class ImageNetConfig(FoldersConfig):
    """Settings of the `imagenet` data set: those of `folders`."""


class ImagenetteConfig(FoldersConfig):
    """Settings of the `imagenette` data set: those of `folders`."""


class DownloadConfig(CropConfig):
    """Settings that all downloadable data sets share."""

    root: AbsolutePath
    """Folder that contains the data set's own folder."""
    download: bool = False
    """Download the data set into `root` if it is missing."""

    published_name: ClassVar[str]
    """Name of the data set in messages."""
    folder: ClassVar[str]
    """Name of its own folder, as its publisher packs it."""

    def preflight(self) -> None:
        """Check that the data set's folder is there, unless it is downloaded.

        Raises:
            DataError: It is missing.
        """
        if not self.download and not (self.root / self.folder).is_dir():
            raise DataError(self.missing)

    @property
    def missing(self) -> str:
        """The message for a missing or damaged data set."""
        return (
            f"{self.root}: {self.published_name} is missing or damaged; expected its folder "
            f"{self.folder} in this folder; data.download=true downloads it."
        )


class Cifar10Config(DownloadConfig):
    """Settings of the `cifar10` data set."""

    published_name: ClassVar[str] = "CIFAR-10"
    folder: ClassVar[str] = "cifar-10-batches-py"

    image_size: int = Field(default=32, ge=1)
    """Side of the square output in pixels."""


class Cifar100Config(DownloadConfig):
    """Settings of the `cifar100` data set."""

    published_name: ClassVar[str] = "CIFAR-100"
    folder: ClassVar[str] = "cifar-100-python"

    image_size: int = Field(default=32, ge=1)
    """Side of the square output in pixels."""


class Stl10Config(DownloadConfig):
    """Settings of the `stl10` data set."""

    published_name: ClassVar[str] = "STL-10"
    folder: ClassVar[str] = "stl10_binary"

    image_size: int = Field(default=96, ge=1)
    """Side of the square output in pixels."""
    unlabeled: bool = False
    """Whether to train on the 100,000 unlabeled images rather than on the 5,000 labeled."""


class BSDS500Config(ComponentConfig):
    """Settings of the `bsds500` data set."""

    root: AbsolutePath
    """Folder that holds `images/{train,val}` and `groundTruth/{train,val}`, or the `BSR` or
    `BSDS500` folder of the published archive, or the folder where that was unpacked."""

    def preflight(self) -> None:
        """Check that the folder is there."""
        require_folder(self.root, "the folder of BSDS500")
