"""The rows of a PLY file's vertices, as a NumPy structured array."""

import os
from typing import BinaryIO, Literal

import numpy as np

from gaussrep.errors import FormatError
from gaussrep.formats.ply_header import Header


def read_vertices(file: BinaryIO, header: Header) -> np.ndarray:
    """Read all vertices; nothing behind them is looked at.

    The size that the header promises is compared with the file's before memory is taken.

    Args:
        file: The file, opened for reading.
        header: What `read_header` found in it.

    Returns:
        Structured array of one field per property, [N].

    Raises:
        FormatError: If the file is shorter than its header says, or a row cannot be read.
    """
    if header.encoding == "ascii":
        return _read_ascii(file, header)
    return _read_binary(file, header, header.encoding)


def _read_binary(file: BinaryIO, header: Header, order: Literal["<", ">"]) -> np.ndarray:
    dtype = header.vertex.dtype(order)
    skipped = sum(element.count * element.dtype(order).itemsize for element in header.before)
    start = header.size + skipped
    _check_size(file, header, start + header.vertex.count * dtype.itemsize)
    file.seek(start)
    table = np.fromfile(file, dtype, header.vertex.count)
    if len(table) < header.vertex.count:
        raise FormatError("the file became shorter while it was read.")
    return table


def _read_ascii(file: BinaryIO, header: Header) -> np.ndarray:
    names = header.vertex.dtype("<").names or ()
    skipped = sum(element.count for element in header.before if element.properties)
    count = header.vertex.count
    shortest = 2 * len(names) * count - 1
    _check_size(file, header, header.size + 2 * skipped + shortest)
    text = file.read().decode("ascii", errors="replace")
    lines = [line for line in text.splitlines() if line.strip()]
    rows = lines[skipped : skipped + count]
    if len(rows) < count:
        raise FormatError(f"the file is truncated: it has {len(rows)} of {count} vertices.")
    dtype = np.dtype([(name, "f8") for name in names])
    return _parse(rows, len(names)).view(dtype).reshape(count)


def _parse(rows: list[str], columns: int) -> np.ndarray:
    if not rows:
        return np.empty((0, columns))
    try:
        values = np.loadtxt(rows, ndmin=2, comments=None)
    except ValueError as error:
        raise FormatError(f"a vertex cannot be read: {error}.") from error
    if values.shape[1] != columns:
        raise FormatError(f"vertices have {values.shape[1]} values each, wanted {columns}.")
    return values


def _check_size(file: BinaryIO, header: Header, wanted: int) -> None:
    size = os.fstat(file.fileno()).st_size
    if size < wanted:
        raise FormatError(
            f"the file is truncated: {header.vertex.count} vertices need {wanted} bytes, it has "
            f"{size}."
        )
