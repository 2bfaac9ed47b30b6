"""The data set `huggingface`: images in Arrow or Parquet, by the library Hugging Face datasets."""

from collections.abc import Mapping
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gaussrep.console import paused_progress
from gaussrep.data.encoded.config import HuggingFaceConfig, matching_files
from gaussrep.data.encoded.dataset import EncodedImageDataset
from gaussrep.data.image_files import UnreadableImageError, join_some
from gaussrep.data.sample import Split
from gaussrep.errors import DataError, GaussrepError
from gaussrep.plain_files import read_json

if TYPE_CHECKING:
    from datasets import Dataset

STATE, SPLITS = "state.json", "dataset_dict.json"
"""Files that `save_to_disk` writes beside one data set, and beside the folders of several."""
VALIDATION = ("validation", "val", "test")
"""Names of a validation split, the preferred one first."""


class ArrowImages:
    """The images of a column, read by number from memory maps.

    Args:
        table: The data set; nothing of it is decoded.
        config: Columns.

    Attributes:
        labels: Classes of the images; None where there is no such column.
        class_names: Names of the classes, where the files list them.

    Raises:
        DataError: If there is not one column of images, or the labels are no whole numbers.
    """

    def __init__(self, table: "Dataset", config: HuggingFaceConfig) -> None:
        from datasets import Image

        self._root, self._column = config.root, _image_column(table, config)
        for name in {self._column, config.label_field}.intersection(table.column_names):
            table.data.column(name).validate(full=True)  # damaged offsets would crash a reader
        self.labels, self.class_names = _labels(table, config)
        if isinstance(table.features[self._column], Image):
            table = table.cast_column(self._column, Image(decode=False))
        self._table = table.select_columns([self._column])

    def __len__(self) -> int:
        return len(self._table)

    def name(self, number: int) -> str:
        """Return the name of an image.

        Args:
            number: Number of the image.

        Returns:
            The number of its row.
        """
        return f"row {number}"

    def content(self, number: int) -> bytes:
        """Read the file that an image was.

        Args:
            number: Number of the image.

        Returns:
            Its content.

        Raises:
            UnreadableImageError: If the row holds none, as where it names a file instead.
        """
        value = self._table[number][self._column]
        content = value.get("bytes") if isinstance(value, Mapping) else value
        if not isinstance(content, bytes):
            raise UnreadableImageError(
                f"{self._root}: row {number} holds no image; wanted encoded bytes in its column "
                f"{self._column}, not the name of a file."
            )
        return content


def _image_column(table: "Dataset", config: HuggingFaceConfig) -> str:
    from datasets import Image

    if config.image_field is not None and config.image_field in table.column_names:
        return config.image_field
    features = table.features
    found = [name for name, each in features.items() if isinstance(each, Image)]
    found = found or [name for name, each in features.items() if _may_hold_files(each)]
    if config.image_field is not None or len(found) != 1:
        columns = join_some(table.column_names)
        wanted = f"the column {config.image_field}" if config.image_field else "one column"
        raise DataError(
            f"{config.root}: the columns are {columns}; wanted {wanted} of images, named by "
            "data.image_field."
        )
    return found[0]


def _may_hold_files(feature: Any) -> bool:
    """Whether a column holds bytes, alone or as Hugging Face stores files."""
    kind = feature.get("bytes") if isinstance(feature, Mapping) else feature
    return getattr(kind, "dtype", None) in ("binary", "large_binary")


def _labels(
    table: "Dataset", config: HuggingFaceConfig
) -> tuple[np.ndarray | None, tuple[str, ...]]:
    import pyarrow
    from datasets import ClassLabel

    if config.label_field not in table.column_names:
        return None, ()
    feature = table.features[config.label_field]
    column = table.data.column(config.label_field)
    if not pyarrow.types.is_integer(column.type) or column.null_count:
        raise DataError(
            f"{config.root}: the column {config.label_field} holds {column.type} or misses some; "
            "wanted whole numbers, or another data.label_field."
        )
    names = tuple(feature.names or ()) if isinstance(feature, ClassLabel) else ()
    return column.to_numpy().astype(np.int64), names


def open_tables(config: HuggingFaceConfig, split: Split = "train") -> EncodedImageDataset:
    """Open images in Parquet files, or in a folder that `save_to_disk` wrote.

    Parquet is converted to Arrow once, in the cache of the library. Rows are read from memory maps;
    nothing is downloaded, and no code of the data set is run.

    Args:
        config: Folder, patterns, columns and crops.
        split: Split of the data set.

    Returns:
        The images, with labels where there is a column of them.

    Raises:
        DataError: If the files are missing, damaged, or hold no image.
    """
    try:
        table, divides = _open(config, split)
        images = ArrowImages(table, config)
    except GaussrepError:
        raise
    except Exception as error:  # whatever damaged files make it raise
        reason = " ".join(str(error).split())[:300].rstrip(".")
        raise DataError(f"{config.root}: this data set cannot be read ({reason}).") from error
    return EncodedImageDataset(images, config, split, divides=divides)


def _open(config: HuggingFaceConfig, split: Split) -> tuple["Dataset", bool]:
    """Open the files of a split; also return whether they hold both splits."""
    from datasets import Dataset

    root = config.root
    if (root / SPLITS).is_file():
        names = ("train",) if split == "train" else VALIDATION
        found = [root / name for name in names if (root / name / STATE).is_file()]
        if found:
            return _saved(found[0]), not any((root / name / STATE).is_file() for name in VALIDATION)
        root = root / "train"
    if (root / STATE).is_file():
        return _saved(root), True
    setting = "val_files" if split == "val" and config.val_files else "train_files"
    files = matching_files(root, getattr(config, setting), f"data.{setting}")
    cache: Any = None if config.cache is None else str(config.cache)
    with paused_progress():  # the library shows a bar of its own
        table = Dataset.from_parquet([escape(str(path)) for path in files], cache_dir=cache)
    assert isinstance(table, Dataset)
    return table, config.val_files is None


def _saved(folder: Path) -> "Dataset":
    """Open what `save_to_disk` wrote; its files must be inside the folder."""
    from datasets import Dataset

    state = read_json(folder / STATE)
    for name in (file["filename"] for file in state["_data_files"]):
        if Path(name).name != name:
            raise ValueError(f"{STATE} names the file {name}, outside the folder")
    table = Dataset.load_from_disk(str(folder), keep_in_memory=False)
    return table.with_format(None)
