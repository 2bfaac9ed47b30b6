"""Reading of MATLAB's level 5 files, with cells, structs and numbers only.

A damaged file can crash SciPy's reader, which is compiled. This one reads the few types that data
sets here use, and unpacks no more than a limit. Source: MathWorks, "MAT-File Format", R2023b.
"""

import math
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gaussrep.runtime.plain_files import require_plain

HEADER = 128
"""Bytes of text, version and byte order at the start of a file."""
MAX_UNPACKED = 2**28
"""Limit on the bytes of a variable (design choice); a file of BSDS500 holds five million."""
MAX_DEPTH = 16
"""Limit on cells and structs inside of each other (design choice)."""
MATRIX, COMPRESSED = 14, 15
CELL, STRUCT = 1, 2
CLASSES = range(6, 16)
"""Classes of arrays of numbers, from double to uint64."""
NUMBERS = {
    1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8",
}  # fmt: skip
"""Types that numbers are stored in, whatever the class of their array."""


class MatFileError(ValueError):
    """The file is not a level-5 MATLAB file, is damaged, or has unsupported content."""


def read_mat_variable(path: Path, name: str) -> Any:
    """Read a variable.

    Args:
        path: A `.mat` file of level 5, which `save -v7` and `-v6` write.
        name: Name of the variable.

    Returns:
        An array of numbers; a list of the entries of a cell, column by column; or a list of the
        entries of a struct, each a dict.

    Raises:
        OSError: The file cannot be read.
        MatFileError: It is damaged, has no such variable, or holds another type.
    """
    require_plain(path)
    content = path.read_bytes()
    order = {b"IM": "<", b"MI": ">"}.get(content[126:HEADER])
    if order is None:
        raise MatFileError("it is not a MATLAB file of level 5")
    for element in _elements(content[HEADER:], order):
        matrix = _unpacked(element, order)
        if matrix is not None and matrix.name == name:
            return _value(matrix, order, MAX_DEPTH)
    raise MatFileError(f"it holds no variable {name}")


@dataclass(frozen=True, slots=True)
class _Element:
    """A tagged piece of a file."""

    type: int
    data: bytes


@dataclass(frozen=True, slots=True)
class _Matrix:
    """An array, before its content is read."""

    kind: int
    shape: tuple[int, ...]
    name: str
    parts: list[_Element]


def _elements(content: bytes, order: str) -> Iterator[_Element]:
    """Split bytes into elements; each has at least eight bytes."""
    start = 0
    while start < len(content):
        if len(content) - start < 8:
            raise MatFileError("it is truncated")
        kind, size = struct.unpack_from(f"{order}II", content, start)
        if kind >> 16:  # a small element has its size and up to four bytes in the tag
            kind, size, data, padded = kind & 0xFFFF, kind >> 16, start + 4, 4
            if size > 4:
                raise MatFileError("a small element is too large")
        else:
            data = start + 8
            padded = size if kind == COMPRESSED else -(-size // 8) * 8
        if data + size > len(content):
            raise MatFileError("it is truncated")
        yield _Element(kind, content[data : data + size])
        start = data + padded


def _unpacked(element: _Element, order: str) -> _Matrix | None:
    if element.type == COMPRESSED:
        try:
            content = zlib.decompressobj().decompress(element.data, MAX_UNPACKED + 1)
        except zlib.error as error:
            raise MatFileError(f"a variable cannot be unpacked: {error}") from error
        if len(content) > MAX_UNPACKED:
            raise MatFileError(f"a variable unpacks to more than {MAX_UNPACKED:,} bytes")
        element = next(_elements(content, order), _Element(0, b""))
    return _matrix(element, order) if element.type == MATRIX else None


def _matrix(element: _Element, order: str) -> _Matrix:
    if element.type != MATRIX:
        raise MatFileError("an array is missing")
    parts = list(_elements(element.data, order))
    if not parts:  # MATLAB writes an empty array without any part
        return _Matrix(CLASSES[0], (0, 0), "", [_Element(9, b"")])
    if len(parts) < 3 or len(parts[0].data) < 4 or len(parts[1].data) % 4:
        raise MatFileError("an array is damaged")
    (flags,) = struct.unpack_from(f"{order}I", parts[0].data)
    shape = struct.unpack(f"{order}{len(parts[1].data) // 4}i", parts[1].data)
    if len(shape) < 2 or min(shape) < 0 or math.prod(shape) > MAX_UNPACKED:
        raise MatFileError(f"an array has the shape {list(shape)[:4]}")
    return _Matrix(flags & 0xFF, shape, parts[2].data.decode("ascii", "replace"), parts[3:])


def _value(matrix: _Matrix, order: str, depth: int) -> Any:
    if not depth:
        raise MatFileError("it is nested too deeply")
    count = math.prod(matrix.shape)
    if matrix.kind == CELL:
        if len(matrix.parts) != count:
            raise MatFileError("a cell is damaged")
        return [_value(_matrix(part, order), order, depth - 1) for part in matrix.parts]
    if matrix.kind == STRUCT:
        fields, values = _fields(matrix, order), iter(matrix.parts[2:])
        if len(matrix.parts) - 2 != count * len(fields):
            raise MatFileError("a struct is damaged")
        return [
            {field: _value(_matrix(next(values), order), order, depth - 1) for field in fields}
            for _ in range(count if fields else 0)
        ]
    return _numbers(matrix, order)


def _fields(matrix: _Matrix, order: str) -> list[str]:
    if len(matrix.parts) < 2 or len(matrix.parts[0].data) != 4:
        raise MatFileError("a struct is damaged")
    (length,) = struct.unpack(f"{order}i", matrix.parts[0].data)
    names = matrix.parts[1].data
    if length < 1 or len(names) % length:
        raise MatFileError("a struct is damaged")
    starts = range(0, len(names), length)
    return [names[at : at + length].split(b"\0")[0].decode("ascii", "replace") for at in starts]


def _numbers(matrix: _Matrix, order: str) -> np.ndarray:
    if matrix.kind not in CLASSES or len(matrix.parts) != 1:
        raise MatFileError(f"class {matrix.kind} is not read; expected cells, structs and numbers")
    part = matrix.parts[0]
    if part.type not in NUMBERS:
        raise MatFileError(f"numbers of type {part.type} are not read")
    dtype = np.dtype(f"{order}{NUMBERS[part.type]}")
    if len(part.data) != math.prod(matrix.shape) * dtype.itemsize:
        raise MatFileError("the length of an array is not that of its shape")
    return np.frombuffer(part.data, dtype).reshape(matrix.shape, order="F")
