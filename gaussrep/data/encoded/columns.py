"""Images of a column, and the column of their classes, in tables of Hugging Face datasets."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from gaussrep.data.encoded.config import HuggingFaceConfig
from gaussrep.data.image_files import UnreadableImageError, join_some
from gaussrep.errors import DataError

if TYPE_CHECKING:
    from datasets import Features
    from pyarrow import ChunkedArray


class ColumnImages(ABC):
    """The images of a column, read by number.

    Args:
        features: Kinds of all columns.
        config: Columns.

    Attributes:
        labels: Classes of the images; None if there is no such column.
        class_names: Names of the classes, if the files list them.

    Raises:
        DataError: If there is not one column of images.
    """

    labels: np.ndarray | None = None
    class_names: tuple[str, ...] = ()

    def __init__(self, features: "Features", config: HuggingFaceConfig) -> None:
        self._config, self._column = config, _find_image_column(features, config)

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
            UnreadableImageError: If the row holds none, such as the name of a file, or cannot
                be read now.
        """
        value = self._value(number)
        content = value.get("bytes") if isinstance(value, Mapping) else value
        if not isinstance(content, bytes):
            raise UnreadableImageError(
                f"{self._config.root}: row {number} holds no image; expected encoded bytes in its "
                f"column {self._column}, not the name of a file."
            )
        return content

    def _set_labels(self, features: "Features", column: "ChunkedArray") -> None:
        """Keep the classes of a column, and their names, none if the files list none."""
        import pyarrow
        from datasets import ClassLabel

        name = self._config.label_field
        if not pyarrow.types.is_integer(column.type) or column.null_count:
            raise DataError(
                f"{self._config.root}: the column {name} holds {column.type} or misses some; "
                "expected whole numbers, or another data.label_field."
            )
        feature = features[name]
        self.class_names = tuple(feature.names or ()) if isinstance(feature, ClassLabel) else ()
        self.labels = column.to_numpy().astype(np.int64)

    @abstractmethod
    def _value(self, number: int) -> Any:
        """Read a row of the column: bytes, or a mapping with `bytes`."""


def _find_image_column(features: "Features", config: HuggingFaceConfig) -> str:
    from datasets import Image

    if config.image_field is not None and config.image_field in features:
        return config.image_field
    found = [name for name, each in features.items() if isinstance(each, Image)]
    found = found or [name for name, each in features.items() if _may_hold_files(each)]
    if config.image_field is not None or len(found) != 1:
        wanted = f"the column {config.image_field}" if config.image_field else "one column"
        raise DataError(
            f"{config.root}: the columns are {join_some(list(features))}; expected {wanted} of "
            "images, named by data.image_field."
        )
    return found[0]


def _may_hold_files(feature: Any) -> bool:
    """Whether a column holds bytes, alone or as Hugging Face stores files."""
    kind = feature.get("bytes") if isinstance(feature, Mapping) else feature
    return getattr(kind, "dtype", None) in ("binary", "large_binary")
