"""The data set `huggingface`: images in Arrow or Parquet, by the library Hugging Face datasets."""

from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gaussrep.data.encoded.columns import ColumnImages
from gaussrep.data.encoded.config import HuggingFaceConfig, matching_files
from gaussrep.data.encoded.dataset import EncodedImageDataset, EncodedImages, open_images
from gaussrep.data.encoded.parquet_files import ParquetImages
from gaussrep.data.sample import Split
from gaussrep.errors import DataError, GaussrepError
from gaussrep.runtime.console import paused_progress
from gaussrep.runtime.plain_files import read_json

if TYPE_CHECKING:
    from datasets import Dataset

STATE, SPLITS = "state.json", "dataset_dict.json"
"""Files that `save_to_disk` writes beside one data set, and beside the folders of several."""
VALIDATION = ("validation", "val", "test")
"""Names of a validation split, the preferred one first."""


class ArrowImages(ColumnImages):
    """The images of a column, read by number from memory maps.

    Args:
        table: The data set; nothing of it is decoded.
        config: Columns.

    Attributes:
        labels: Classes of the images; None if there is no such column.
        class_names: Names of the classes, if the files list them.
        piece_ends: Number of rows up to the end of each record batch.

    Raises:
        DataError: If there is not one column of images, or the labels are not whole numbers.
    """

    def __init__(self, table: "Dataset", config: HuggingFaceConfig) -> None:
        from datasets import Image

        super().__init__(table.features, config)
        for name in {self._column, config.label_field}.intersection(table.column_names):
            table.data.column(name).validate(full=True)  # damaged offsets would crash a reader
        if config.label_field in table.column_names:
            column = table.data.column(config.label_field)
            self._set_labels(table.features, column)
        self.piece_ends = np.cumsum([len(each) for each in table.data.column(self._column).chunks])
        if isinstance(table.features[self._column], Image):
            table = table.cast_column(self._column, Image(decode=False))
        self._table = table.select_columns([self._column])

    def __len__(self) -> int:
        return len(self._table)

    def _value(self, number: int) -> Any:
        return self._table[number][self._column]


def open_tables(config: HuggingFaceConfig, split: Split = "train") -> EncodedImageDataset:
    """Open images in Parquet files, or in a folder that `save_to_disk` wrote.

    Parquet is converted to Arrow once, in the cache of the library, and rows are read from memory
    maps; with `streaming`, it is read in place by row groups. Nothing is downloaded, and no code of
    the data set is run.

    Args:
        config: Folder, patterns, columns and crops.
        split: Split of the data set.

    Returns:
        The images, with labels if there is a column of them.

    Raises:
        DataError: If the files are missing, damaged, or hold no image.
    """
    try:
        images, divides = _open(config, split)
    except GaussrepError:
        raise
    except Exception as error:  # whatever damaged files make it raise
        reason = " ".join(str(error).split())[:300].rstrip(".")
        raise DataError(f"{config.root}: this data set cannot be read ({reason}).") from error
    return open_images(images, config, split, divides=divides)


def _open(config: HuggingFaceConfig, split: Split) -> tuple[EncodedImages, bool]:
    """Open the files of a split; also return whether they hold both splits."""
    from datasets import Dataset

    root = config.root
    if (root / SPLITS).is_file():
        names = ("train",) if split == "train" else VALIDATION
        found = [root / name for name in names if (root / name / STATE).is_file()]
        if found:
            divides = not any((root / name / STATE).is_file() for name in VALIDATION)
            return ArrowImages(_saved(found[0]), config), divides
        root = root / "train"
    if (root / STATE).is_file():
        return ArrowImages(_saved(root), config), True
    setting = "val_files" if split == "val" and config.val_files else "train_files"
    files = matching_files(root, getattr(config, setting), f"data.{setting}")
    divides = config.val_files is None
    if config.streaming:
        return ParquetImages(files, config), divides
    cache: Any = None if config.cache is None else str(config.cache)
    with paused_progress():  # the library shows a bar of its own
        table = Dataset.from_parquet([escape(str(path)) for path in files], cache_dir=cache)
    assert isinstance(table, Dataset)
    return ArrowImages(table, config), divides


def _saved(folder: Path) -> "Dataset":
    """Open what `save_to_disk` wrote; its files must be inside the folder."""
    from datasets import Dataset

    state = read_json(folder / STATE)
    for name in (file["filename"] for file in state["_data_files"]):
        if Path(name).name != name:
            raise ValueError(f"{STATE} names the file {name}, outside the folder")
    table = Dataset.load_from_disk(str(folder), keep_in_memory=False)
    return table.with_format(None)
