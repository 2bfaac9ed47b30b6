"""Images in Parquet files that are read in place, one row group at a time."""

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gaussrep.data.encoded.columns import ColumnImages
from gaussrep.data.encoded.config import HuggingFaceConfig
from gaussrep.data.image_files import UnreadableImageError
from gaussrep.errors import DataError
from gaussrep.runtime.plain_files import require_plain

if TYPE_CHECKING:
    from pyarrow import ChunkedArray, Schema
    from pyarrow.parquet import FileMetaData, ParquetFile

MAX_GROUP_BYTES = 2**31 - 1
"""Largest decoded size of the images of a row group in bytes, for Arrow's 32-bit offsets."""


class ParquetImages(ColumnImages):
    """The images of a column, read by number; the last row groups are kept.

    Args:
        files: Parquet files with the same columns.
        config: Columns, and the number of samples in the row groups that are kept.

    Attributes:
        labels: Classes of the images; None if there is no such column.
        class_names: Names of the classes, if the files list them.
        piece_ends: Number of rows up to the end of each row group.

    Raises:
        DataError: There is not one column of images, the labels are not whole numbers, the files
            differ in these columns, or a row group is too large.
    """

    def __init__(self, files: Sequence[Path], config: HuggingFaceConfig) -> None:
        from datasets import Features

        with _open(files[0]) as first:
            schema = first.schema_arrow
        features = Features.from_arrow_schema(schema)
        super().__init__(features, config)
        self._groups: list[tuple[Path, int]] = []
        self._kept: OrderedDict[int, ChunkedArray] = OrderedDict()
        has_labels = config.label_field in schema.names
        counts, labels = [], []
        for path in files:
            with _open(path) as file:
                _check_same_columns(file.schema_arrow, schema, self._column, config, path)
                counts += self._index(file.metadata, path)
                if has_labels:
                    labels += file.read([config.label_field], use_threads=False)[0].chunks
        self.piece_ends = np.cumsum(np.array(counts, np.int64))
        self._limit = config.shuffle_buffer + max(counts, default=0)
        if has_labels:
            import pyarrow

            column = pyarrow.chunked_array(labels, schema.field(config.label_field).type)
            if len(column) != len(self):
                raise DataError(
                    f"{config.root}: the column {config.label_field} holds {len(column):,} rows of "
                    f"{len(self):,}; the files are damaged."
                )
            self._set_labels(features, column)

    def __len__(self) -> int:
        return int(self.piece_ends[-1]) if len(self.piece_ends) else 0

    def _value(self, number: int) -> Any:
        piece = int(np.searchsorted(self.piece_ends, number, side="right"))
        first = int(self.piece_ends[piece - 1]) if piece else 0
        group = self._group(piece)
        if len(group) <= number - first:
            raise UnreadableImageError(f"{self._groups[piece][0]}: row {number} is missing.")
        return group[number - first].as_py()

    def _index(self, metadata: "FileMetaData", path: Path) -> list[int]:
        """Note the row groups of a file; return the number of rows of each."""
        counts = []
        for number in range(metadata.num_row_groups):
            group = metadata.row_group(number)
            columns = [group.column(index) for index in range(group.num_columns)]
            of_images = [c for c in columns if c.path_in_schema.partition(".")[0] == self._column]
            size = max(column.total_uncompressed_size for column in of_images)
            if size > MAX_GROUP_BYTES:
                raise DataError(
                    f"{path}: row group {number} holds {size / 1e9:.1f} GB of images; expected at "
                    "most 2 GB; write the file with fewer rows per group."
                )
            if not 0 <= group.num_rows <= min(column.num_values for column in of_images):
                raise DataError(f"{path}: row group {number} is damaged: its counts disagree.")
            self._groups.append((path, number))
            counts.append(group.num_rows)
        return counts

    def _group(self, piece: int) -> "ChunkedArray":
        """Read the images of a row group, or find them among the kept ones."""
        if piece not in self._kept:
            self._kept[piece] = self._read(*self._groups[piece])
            while len(self._kept) > 1 and sum(map(len, self._kept.values())) > self._limit:
                self._kept.popitem(last=False)
        self._kept.move_to_end(piece)
        return self._kept[piece]

    def _read(self, path: Path, number: int) -> "ChunkedArray":
        import pyarrow

        try:
            with _open(path) as file:
                images = file.read_row_group(number, [self._column], use_threads=False)[0]
                images.validate(full=True)  # damaged offsets would crash a reader
        except (pyarrow.ArrowException, OSError) as error:
            reason = " ".join(str(error).split())[:300].rstrip(".")
            raise UnreadableImageError(
                f"{path}: row group {number} cannot be read ({reason})."
            ) from error
        return images


def _open(path: Path) -> "ParquetFile":
    from pyarrow.parquet import ParquetFile

    require_plain(path)
    return ParquetFile(path, memory_map=False)


def _check_same_columns(
    given: "Schema", wanted: "Schema", column: str, config: HuggingFaceConfig, path: Path
) -> None:
    for name in (column, config.label_field):
        kinds = [
            schema.field(name).type if name in schema.names else None for schema in (given, wanted)
        ]
        if kinds[0] != kinds[1]:
            raise DataError(
                f"{path}: its column {name} is {kinds[0] or 'missing'}; expected "
                f"{kinds[1] or 'none'} as in the first file."
            )
