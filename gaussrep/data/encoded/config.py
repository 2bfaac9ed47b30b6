"""Settings of the data sets whose images are inside larger files (torch-free)."""

from pathlib import Path
from typing import Any

from pydantic import Field, field_validator

from gaussrep.config.paths import AbsolutePath
from gaussrep.data.config import CropConfig
from gaussrep.data.folder_checks import require_folder
from gaussrep.errors import DataError


def matching_files(root: Path, pattern: str, setting: str) -> list[Path]:
    """Find the files of a split.

    Args:
        root: Folder of the data set.
        pattern: Pattern of paths below it.
        setting: The setting that names the pattern, for the message.

    Returns:
        The files, sorted.

    Raises:
        DataError: The folder is missing, or no file matches.
    """
    require_folder(root, "the folder of the data set")
    files = sorted(path for path in root.glob(pattern) if path.is_file())
    if not files:
        raise DataError(f"{root}: no file here matches {setting}={pattern}; give another pattern.")
    return files


class EncodedImagesConfig(CropConfig):
    """Settings of data sets whose images are inside larger files."""

    root: AbsolutePath
    """Folder of the files."""
    train_files: str
    """Pattern of the training files below `root`."""
    val_files: str | None = None
    """Pattern of the validation files below `root`; by default a fraction of the training images is
    held out."""
    val_fraction: float = Field(default=0.05, gt=0, lt=1)
    """Fraction of the training images to hold out if there are no validation files, chosen by a
    hash of their names."""
    image_field: str | None = None
    """Field of a sample that holds its image; by default the only one that holds one."""
    label_field: str
    """Field of a sample that holds its class as a whole number; samples may lack it."""
    classes: int | None = Field(default=None, ge=1, le=1_000_000)
    """Number of classes; by default one more than the highest label, or the number of names that
    the files list."""
    streaming: bool = False
    """Read the files piece by piece (shards, row groups of Parquet), each piece once per epoch and
    worker, in an order that is shuffled less than the default one; Parquet is not converted."""
    shuffle_buffer: int = Field(default=1000, ge=1)
    """With `streaming`, how many samples are at least shuffled together; each worker keeps the
    pieces that hold them."""

    @field_validator("train_files", "val_files")
    @classmethod
    def _check_pattern(cls, pattern: Any) -> Any:
        if pattern is not None and (not pattern or ".." in Path(pattern).parts):
            raise ValueError(f"{pattern!r} is not a pattern of files below root")
        if pattern is not None and Path(pattern).is_absolute():
            raise ValueError(f"{pattern!r} is absolute; expected a pattern below root")
        return pattern

    def preflight(self) -> None:
        """Check that there are training files.

        Raises:
            DataError: The folder is missing, or holds none.
        """
        matching_files(self.root, self.train_files, "data.train_files")


class WebDatasetConfig(EncodedImagesConfig):
    """Settings of the `webdataset` data set."""

    train_files: str = "**/*.tar"
    """Pattern of the training shards below `root`."""
    label_field: str = "cls"
    """Suffix of the files that hold the classes as whole numbers; samples may lack it."""
    image_field: str | None = None
    """Suffix of the images, such as `jpg`; by default that of the only image of a sample."""


class HuggingFaceConfig(EncodedImagesConfig):
    """Settings of the `huggingface` data set."""

    train_files: str = "**/*.parquet"
    """Pattern of the training files below `root`, unless `root` was written by `save_to_disk`."""
    label_field: str = "label"
    """Column of the classes, whole numbers; it may be missing."""
    image_field: str | None = None
    """Column of the images; by default the only column of images."""
    cache: AbsolutePath | None = None
    """Folder for the Arrow files into which Parquet is converted once, unless `streaming` is on; by
    default that of the library, `~/.cache/huggingface/datasets`."""

    def preflight(self) -> None:
        """Check that there is a training split.

        Raises:
            DataError: The folder is missing, or holds none.
        """
        require_folder(self.root, "the folder of the data set")
        if not any((self.root / name).is_file() for name in ("state.json", "dataset_dict.json")):
            super().preflight()
