"""Accessors of glTF files: typed arrays in their buffers."""

import numpy as np

from gaussrep.errors import FormatError
from gaussrep.formats.gltf_buffers import Container
from gaussrep.formats.gltf_file import Accessor, item_at

DTYPES = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5126: "<f4"}
"""NumPy type by glTF's component type."""
WIDTHS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}


def find_accessor(container: Container, index: int, kind: str) -> Accessor:
    """Find an accessor that can be read.

    Args:
        container: The file.
        index: Index of the accessor.
        kind: Expected type, a key of `WIDTHS`.

    Returns:
        The accessor.

    Raises:
        FormatError: If there is no such accessor, it is of another type, sparse, or reaches beyond
            its buffer.
    """
    document = container.document
    accessor = item_at(document.accessors, index, "accessor")
    if accessor.type != kind or accessor.component_type not in DTYPES:
        raise FormatError(
            f"accessor {index} holds {accessor.type[:20]} of type {accessor.component_type}, "
            f"expected {kind} of type {', '.join(map(str, DTYPES))}."
        )
    if accessor.sparse is not None or accessor.buffer_view is None:
        raise FormatError(f"accessor {index} is sparse or has no buffer view; that is not read.")
    view = item_at(document.buffer_views, accessor.buffer_view, "buffer view")
    buffer = item_at(container.buffers, view.buffer, "buffer")
    row = WIDTHS[kind] * np.dtype(DTYPES[accessor.component_type]).itemsize
    end = accessor.byte_offset + (view.byte_stride or row) * (accessor.count - 1) + row
    if end > view.byte_length or view.byte_offset + view.byte_length > buffer.size:
        raise FormatError(
            f"accessor {index} of {accessor.count} vectors needs {end} bytes, its buffer view has "
            f"{view.byte_length} at {view.byte_offset} of {buffer.size}."
        )
    return accessor


def read_accessor(container: Container, accessor: Accessor, part: slice) -> np.ndarray:
    """Read vectors of an accessor.

    Args:
        container: The file.
        accessor: One of `find_accessor`.
        part: Which of its vectors, from a number to another.

    Returns:
        float32, [N, width]; normalized integers are in [0, 1] or [-1, 1].

    Raises:
        FormatError: If the file cannot be read.
    """
    assert accessor.buffer_view is not None
    view = container.document.buffer_views[accessor.buffer_view]
    dtype, width = np.dtype(DTYPES[accessor.component_type]), WIDTHS[accessor.type]
    count, row = part.stop - part.start, width * dtype.itemsize
    if count == 0:
        return np.empty((0, width), np.float32)
    stride = view.byte_stride or row
    inside = accessor.byte_offset % stride
    start = accessor.byte_offset - inside + stride * part.start
    # Whole rows of the view, the same for attributes that are interleaved.
    size = min(max(stride, inside + row) + stride * (count - 1), view.byte_length - start)
    content = container.buffers[view.buffer].read(view.byte_offset + start, size)
    strides = (stride, dtype.itemsize)
    stored = np.ndarray((count, width), dtype, content, inside, strides)
    return _dequantize(stored, accessor.normalized)


def _dequantize(stored: np.ndarray, normalized: bool) -> np.ndarray:
    values = stored.astype(np.float32)
    if normalized and stored.dtype.kind != "f":
        values = np.maximum(values / np.iinfo(stored.dtype).max, -1)
    return values
