"""Vectors out of a glTF file's buffers."""

import numpy as np

from gaussrep.errors import FormatError
from gaussrep.formats.gltf.container import Container
from gaussrep.formats.gltf.document import Accessor, BufferView, pick

DTYPES = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5126: "<f4"}
"""Component types of vertex attributes."""
WIDTHS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}


def read_accessor(container: Container, index: int, kind: str) -> np.ndarray:
    """Read all vectors of an accessor.

    Args:
        container: The file.
        index: Which accessor.
        kind: What it has to hold, a key of `WIDTHS`.

    Returns:
        float32, [N, width]; normalized integers are in [0, 1] or [-1, 1].

    Raises:
        FormatError: If there is no such accessor, it holds something else or is of an unusual
            kind, or it reaches beyond its buffer.
    """
    document = container.document
    accessor = pick(document.accessors, index, "accessor")
    if accessor.type != kind or accessor.component_type not in DTYPES:
        raise FormatError(
            f"accessor {index} holds {accessor.type[:20]} of type {accessor.component_type}, "
            f"wanted {kind} of type {', '.join(map(str, DTYPES))}."
        )
    if accessor.sparse is not None or accessor.buffer_view is None:
        raise FormatError(f"accessor {index} is sparse or has no buffer view; that is not read.")
    view = pick(document.buffer_views, accessor.buffer_view, "buffer view")
    stored = _look(pick(container.buffers, view.buffer, "buffer"), view, accessor, index)
    return _scaled(stored, accessor.normalized)


def _look(content: bytes, view: BufferView, accessor: Accessor, index: int) -> np.ndarray:
    """An array over the bytes, with nothing copied."""
    dtype = np.dtype(DTYPES[accessor.component_type])
    width = WIDTHS[accessor.type]
    stride = view.byte_stride or width * dtype.itemsize
    end = accessor.byte_offset + stride * (accessor.count - 1) + width * dtype.itemsize
    if end > view.byte_length or view.byte_offset + view.byte_length > len(content):
        raise FormatError(
            f"accessor {index} of {accessor.count} vectors needs {end} bytes, its buffer view has "
            f"{view.byte_length} at {view.byte_offset} of {len(content)}."
        )
    start = view.byte_offset + accessor.byte_offset
    return np.ndarray(
        (accessor.count, width), dtype, content, start, strides=(stride, dtype.itemsize)
    )


def _scaled(stored: np.ndarray, normalized: bool) -> np.ndarray:
    values = stored.astype(np.float32)
    if normalized and stored.dtype.kind != "f":
        values = np.maximum(values / np.iinfo(stored.dtype).max, -1)
    return values
