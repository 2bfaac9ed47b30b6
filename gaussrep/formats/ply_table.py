"""The rows of a PLY file's elements, as NumPy structured arrays."""

import os
from collections.abc import Sequence
from typing import BinaryIO, Literal

import numpy as np

from gaussrep.errors import FormatError
from gaussrep.formats.ply_header import Element, Header


def read_vertices(file: BinaryIO, header: Header) -> np.ndarray:
    """Read all vertices; nothing behind them is looked at.

    Args:
        file: The file, opened for reading.
        header: What `read_header` found in it.

    Returns:
        Structured array of one field per property, [N].

    Raises:
        FormatError: If the file is shorter than its header says, or a row cannot be read.
    """
    return read_rows(file, header, header.vertex)


def read_rows(file: BinaryIO, header: Header, element: Element) -> np.ndarray:
    """Read all rows of one element.

    The size that the header promises is compared with the file's before memory is taken.

    Args:
        file: The file, opened for reading.
        header: What `read_header` found in it.
        element: One of the header's.

    Returns:
        Structured array of one field per property, [N].

    Raises:
        FormatError: If the file is shorter than its header says, or a row cannot be read.
    """
    elements = (*header.before, header.vertex, *header.after)
    ahead = elements[: elements.index(element)]
    if header.encoding == "ascii":
        return _read_ascii(file, header, ahead, element)
    return _read_binary(file, header.size, header.encoding, ahead, element)


def _read_binary(
    file: BinaryIO,
    start: int,
    order: Literal["<", ">"],
    ahead: Sequence[Element],
    element: Element,
) -> np.ndarray:
    dtype = element.dtype(order)
    start += sum(other.count * other.dtype(order).itemsize for other in ahead)
    _check_size(file, element, start + element.count * dtype.itemsize)
    file.seek(start)
    table = np.fromfile(file, dtype, element.count)
    if len(table) < element.count:
        raise FormatError("the file became shorter while it was read.")
    return table


def _read_ascii(
    file: BinaryIO, header: Header, ahead: Sequence[Element], element: Element
) -> np.ndarray:
    names = element.dtype("<").names or ()
    skipped = sum(other.count for other in ahead if other.properties)
    shortest = 2 * len(names) * element.count - 1
    _check_size(file, element, header.size + 2 * skipped + shortest)
    file.seek(header.size)
    text = file.read().decode("ascii", errors="replace")
    lines = [line for line in text.splitlines() if line.strip()]
    rows = lines[skipped : skipped + element.count]
    if len(rows) < element.count:
        raise FormatError(
            f"the file is truncated: it has {len(rows)} of {element.count} {_rows_of(element)}."
        )
    dtype = np.dtype([(name, "f8") for name in names])
    return _parse(rows, len(names)).view(dtype).reshape(element.count)


def _parse(rows: list[str], columns: int) -> np.ndarray:
    if not rows:
        return np.empty((0, columns))
    try:
        values = np.loadtxt(rows, ndmin=2, comments=None)
    except ValueError as error:
        raise FormatError(f"a row cannot be read: {error}.") from error
    if values.shape[1] != columns:
        raise FormatError(f"rows have {values.shape[1]} values each, wanted {columns}.")
    return values


def _check_size(file: BinaryIO, element: Element, wanted: int) -> None:
    size = os.fstat(file.fileno()).st_size
    if size < wanted:
        raise FormatError(
            f"the file is truncated: {element.count} {_rows_of(element)} need {wanted} bytes, it "
            f"has {size}."
        )


def _rows_of(element: Element) -> str:
    return "vertices" if element.name == "vertex" else f"rows of {element.name}"
