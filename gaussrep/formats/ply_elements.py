"""PlyHeader and rows of PLY files."""

import os
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, Literal

import numpy as np

from gaussrep.errors import FormatError
from gaussrep.formats.first_bytes import NOT_PLY

MAX_HEADER = 2**16
ENCODINGS: dict[str, Literal["ascii", "<", ">"]] = {
    "ascii": "ascii",
    "binary_little_endian": "<",
    "binary_big_endian": ">",
}
TYPES = {
    "char": "i1", "uchar": "u1", "short": "i2", "ushort": "u2", "int": "i4", "uint": "u4",
    "float": "f4", "double": "f8", "int8": "i1", "uint8": "u1", "int16": "i2", "uint16": "u2",
    "int32": "i4", "uint32": "u4", "float32": "f4", "float64": "f8",
}  # fmt: skip

INFINITE = re.compile(r"1\.#INF\d*", re.IGNORECASE)
NOT_A_NUMBER = re.compile(r"1\.#(?:IND|[QS]NAN)\d*|nan\([^\s)]*\)", re.IGNORECASE)
"""Spellings of infinity and NaN by the C runtime of Windows."""


@dataclass(frozen=True, slots=True)
class PlyElement:
    """One table of a PLY file.

    Args:
        name: Name of the table, such as `vertex`.
        count: Number of rows.
        properties: NumPy type code of every column by name, without byte order; None if the
            column holds lists, whose length differs from row to row.
    """

    name: str
    count: int
    properties: dict[str, str | None]

    def dtype(self, order: Literal["<", ">"]) -> np.dtype:
        """Return the layout of one binary row.

        Args:
            order: Byte order of the file.

        Returns:
            NumPy dtype with one field per property.

        Raises:
            FormatError: If a column holds lists, so that rows have no fixed size.
        """
        fields = []
        for name, code in self.properties.items():
            if code is None:
                raise FormatError(
                    f"property {name} of element {self.name} is a list, so its rows have no fixed "
                    "size; only elements after the vertices may hold lists."
                )
            fields.append((name, order + code))
        return np.dtype(fields)


@dataclass(frozen=True, slots=True)
class PlyHeader:
    """Header of a PLY file.

    Args:
        encoding: `ascii`, or the byte order of binary rows.
        before: The elements stored ahead of the vertices.
        vertex: The vertices.
        after: The elements stored after the vertices.
        size: Bytes up to the first row.
        comments: Lines `comment` and `obj_info`, without that word.
    """

    encoding: Literal["ascii", "<", ">"]
    before: tuple[PlyElement, ...]
    vertex: PlyElement
    after: tuple[PlyElement, ...]
    size: int
    comments: tuple[str, ...] = ()


def read_header(file: BinaryIO) -> PlyHeader:
    """Read a header, up to the first row.

    Args:
        file: A file opened at its start.

    Returns:
        The header.

    Raises:
        FormatError: If this is not a PLY file, or its header is damaged or longer than 64 KiB.
    """
    encoding = None
    elements: list[PlyElement] = []
    comments: list[str] = []
    for line in _lines(file):
        match line.split():
            case []:
                pass
            case ["comment" | "obj_info", *words]:
                comments.append(" ".join(words))
            case ["format", name, "1.0"] if name in ENCODINGS and encoding is None:
                encoding = ENCODINGS[name]
            case ["element", name, count] if name not in (known.name for known in elements):
                elements.append(PlyElement(name, _count(name, count), {}))
            case ["property", *rest] if elements:
                _add_property(elements[-1], rest, line)
            case _:
                raise FormatError(f"header line {line[:80]!r} is not understood.")
    if encoding is None:
        raise FormatError("the header has no 'format' line.")
    names = [element.name for element in elements]
    if "vertex" not in names:
        raise FormatError("the header has no element 'vertex'.")
    place = names.index("vertex")
    before, after = tuple(elements[:place]), tuple(elements[place + 1 :])
    return PlyHeader(encoding, before, elements[place], after, file.tell(), tuple(comments))


def _lines(file: BinaryIO) -> list[str]:
    if file.readline(MAX_HEADER).rstrip(b"\r\n") != b"ply":
        raise FormatError(NOT_PLY)
    lines = []
    while file.tell() < MAX_HEADER:
        line = file.readline(MAX_HEADER)
        if not line.endswith(b"\n"):
            break
        if line.rstrip() == b"end_header":
            return lines
        lines.append(line.decode("latin-1").strip())
    raise FormatError("the header does not end: no line 'end_header' within 64 KiB.")


def _count(element: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise FormatError(
            f"element {element} has the count {text[:40]!r}, expected a whole number from 0 up."
        )
    return int(text)


def _add_property(element: PlyElement, words: list[str], line: str) -> None:
    match words:
        case ["list", size, kind, name] if size in TYPES and kind in TYPES:
            code = None
        case [kind, name] if kind in TYPES:
            code = TYPES[kind]
        case _:
            raise FormatError(f"header line {line[:80]!r} names no type of PLY, such as float.")
    if name in element.properties:
        raise FormatError(f"element {element.name} has the property {name[:40]!r} twice.")
    element.properties[name] = code


def read_vertices(file: BinaryIO, header: PlyHeader) -> np.ndarray:
    """Read all vertices.

    Args:
        file: The file, opened for reading.
        header: Its header.

    Returns:
        Structured array of one field per property, [N].

    Raises:
        FormatError: If the file is truncated, or a row cannot be read.
    """
    return read_rows(file, header, header.vertex)


def read_rows(
    file: BinaryIO, header: PlyHeader, element: PlyElement, part: slice | None = None
) -> np.ndarray:
    """Read rows of one element.

    The size by the header is compared with the file's before memory is allocated.

    Args:
        file: The file, opened for reading.
        header: Its header.
        element: One of the header's elements.
        part: Rows to read of a binary file, from a number to another; all by default.

    Returns:
        Structured array of one field per property, [N].

    Raises:
        FormatError: If the file is truncated, or a row cannot be read.
    """
    elements = (*header.before, header.vertex, *header.after)
    ahead = elements[: elements.index(element)]
    if header.encoding == "ascii":
        chunks = list(_ascii_chunks(file, header.size, ahead, element, element.count))
        return chunks[0] if chunks else np.empty(0, _ascii_dtype(element))
    dtype = element.dtype(header.encoding)
    part = slice(0, element.count) if part is None else part
    _seek_rows(file, header.size, header.encoding, ahead, element)
    file.seek(part.start * dtype.itemsize, os.SEEK_CUR)
    return _read_table(file, dtype, part.stop - part.start)


def _read_table(file: BinaryIO, dtype: np.dtype, count: int) -> np.ndarray:
    table = np.fromfile(file, dtype, count)
    if len(table) < count:
        raise FormatError("the file became shorter while it was read.")
    return table


def _seek_rows(
    file: BinaryIO,
    start: int,
    order: Literal["<", ">"],
    ahead: Sequence[PlyElement],
    element: PlyElement,
) -> None:
    """Go to the first row of an element, after a check that the file holds all of them."""
    start += sum(other.count * other.dtype(order).itemsize for other in ahead if other.count)
    _check_size(file, element, start + element.count * element.dtype(order).itemsize)
    file.seek(start)


def vertex_chunks(file: BinaryIO, header: PlyHeader, rows: int) -> Iterator[np.ndarray]:
    """Read all vertices, few at a time.

    Args:
        file: The file, opened for reading.
        header: Its header.
        rows: Largest number of vertices at a time.

    Yields:
        Structured arrays of one field per property.

    Raises:
        FormatError: If the file is truncated, or a row cannot be read.
    """
    if header.encoding == "ascii":
        yield from _ascii_chunks(file, header.size, header.before, header.vertex, rows)
        return
    _seek_rows(file, header.size, header.encoding, header.before, header.vertex)
    left, dtype = header.vertex.count, header.vertex.dtype(header.encoding)
    while left:
        table = _read_table(file, dtype, min(rows, left))
        left -= len(table)
        yield table


def _ascii_dtype(element: PlyElement) -> np.dtype:
    return np.dtype([(name, "f8") for name in element.dtype("<").names or ()])


def _ascii_chunks(
    file: BinaryIO, start: int, ahead: Sequence[PlyElement], element: PlyElement, rows: int
) -> Iterator[np.ndarray]:
    dtype, width, done = _ascii_dtype(element), len(element.properties), 0
    skipped = sum(other.count for other in ahead if other.properties)
    shortest = 2 * width * element.count - 1
    _check_size(file, element, start + 2 * skipped + shortest)
    file.seek(start)
    lines = (line.decode("ascii", "replace") for line in file if line.strip())
    deque(islice(lines, skipped), maxlen=0)
    while done < element.count:
        wanted = min(rows, element.count - done)
        found = list(islice(lines, wanted))
        if len(found) < wanted:
            raise FormatError(
                f"the file is truncated: it has {done + len(found)} of {element.count} "
                f"{_rows_of(element)}."
            )
        yield _parse(found, width, done).view(dtype).reshape(wanted)
        done += wanted


def _parse(rows: list[str], columns: int, start: int) -> np.ndarray:
    try:
        values = _numbers(rows)
    except ValueError as error:
        place = f" of those from number {start} on" if start else ""
        reason = str(error).rstrip(".")
        raise FormatError(f"a row{place} cannot be read: {reason}.") from error
    if values.shape[1] != columns:
        raise FormatError(f"rows have {values.shape[1]} values each, expected {columns}.")
    return values


def _numbers(rows: list[str]) -> np.ndarray:
    try:
        return np.loadtxt(rows, ndmin=2, comments=None)
    except ValueError:
        plain = [NOT_A_NUMBER.sub("nan", INFINITE.sub("inf", row)) for row in rows]
        if plain == rows:
            raise
        return np.loadtxt(plain, ndmin=2, comments=None)


def _check_size(file: BinaryIO, element: PlyElement, wanted: int) -> None:
    size = os.fstat(file.fileno()).st_size
    if size < wanted:
        raise FormatError(
            f"the file is truncated: {element.count} {_rows_of(element)} need {wanted} bytes, it "
            f"has {size}."
        )


def _rows_of(element: PlyElement) -> str:
    return "vertices" if element.name == "vertex" else f"rows of {element.name}"
