"""The columns of images and classes in tables of Hugging Face datasets."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from gaussrep.data.encoded.config import HuggingFaceConfig
from gaussrep.data.image_files import UnreadableImageError, join_some
from gaussrep.errors import DataError

if TYPE_CHECKING:
    from datasets import Features
    from pyarrow import ChunkedArray


def find_image_column(features: "Features", config: HuggingFaceConfig) -> str:
    """Find the column of the images.

    Args:
        features: Kinds of all columns.
        config: Its `image_field` chooses a column.

    Returns:
        The name.

    Raises:
        DataError: There is not exactly one, or not the chosen one.
    """
    from datasets import Image

    if config.image_field is not None and config.image_field in features:
        return config.image_field
    found = [name for name, each in features.items() if isinstance(each, Image)]
    found = found or [name for name, each in features.items() if _may_hold_files(each)]
    if config.image_field is not None or len(found) != 1:
        wanted = f"the column {config.image_field}" if config.image_field else "one column"
        raise DataError(
            f"{config.root}: the columns are {join_some(list(features))}; wanted {wanted} of "
            "images, named by data.image_field."
        )
    return found[0]


def _may_hold_files(feature: Any) -> bool:
    """Whether a column holds bytes, alone or as Hugging Face stores files."""
    kind = feature.get("bytes") if isinstance(feature, Mapping) else feature
    return getattr(kind, "dtype", None) in ("binary", "large_binary")


def read_labels(
    features: "Features", column: "ChunkedArray", config: HuggingFaceConfig
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Read classes and the names of classes.

    Args:
        features: Kinds of all columns.
        column: The column of the classes.
        config: Its `label_field` is the name of the column.

    Returns:
        One class per row, int64 [n], and the names, none where the files list none.

    Raises:
        DataError: The classes are no whole numbers, or some are missing.
    """
    import pyarrow
    from datasets import ClassLabel

    if not pyarrow.types.is_integer(column.type) or column.null_count:
        raise DataError(
            f"{config.root}: the column {config.label_field} holds {column.type} or misses some; "
            "wanted whole numbers, or another data.label_field."
        )
    feature = features[config.label_field]
    names = tuple(feature.names or ()) if isinstance(feature, ClassLabel) else ()
    return column.to_numpy().astype(np.int64), names


def require_content(value: Any, row: int, column: str, config: HuggingFaceConfig) -> bytes:
    """Return the file that an image was.

    Args:
        value: Value of a row: bytes, or a mapping with `bytes`.
        row: Number of the row, for the message.
        column: Name of the column, for the message.
        config: Its root is named in the message.

    Returns:
        The content of the file.

    Raises:
        UnreadableImageError: The row holds none, as where it names a file instead.
    """
    content = value.get("bytes") if isinstance(value, Mapping) else value
    if not isinstance(content, bytes):
        raise UnreadableImageError(
            f"{config.root}: row {row} holds no image; wanted encoded bytes in its column "
            f"{column}, not the name of a file."
        )
    return content
