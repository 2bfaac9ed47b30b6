"""The text at the head of a PLY file: which elements follow, and how they are encoded."""

from dataclasses import dataclass
from typing import BinaryIO, Literal

import numpy as np

from gaussrep.errors import FormatError

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


@dataclass(frozen=True, slots=True)
class Element:
    """One table of a PLY file.

    Args:
        name: What the rows are, such as `vertex`.
        count: Number of rows.
        properties: NumPy type code of every column by name, without byte order; None where the
            column holds lists, whose length differs from row to row.
    """

    name: str
    count: int
    properties: dict[str, str | None]

    def dtype(self, order: Literal["<", ">"]) -> np.dtype:
        """Layout of one binary row.

        Args:
            order: Byte order of the file.

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
class Header:
    """What a PLY header says.

    Args:
        encoding: `ascii`, or the byte order of binary rows.
        before: The elements stored ahead of the vertices.
        vertex: The vertices.
        after: The elements stored behind the vertices.
        size: Bytes up to the first row.
    """

    encoding: Literal["ascii", "<", ">"]
    before: tuple[Element, ...]
    vertex: Element
    after: tuple[Element, ...]
    size: int


def read_header(file: BinaryIO) -> Header:
    """Read a header and leave the file at the first row.

    Args:
        file: A file opened at its start.

    Returns:
        The header.

    Raises:
        FormatError: If this is no PLY file, or its header is damaged or longer than 64 KiB.
    """
    encoding = None
    elements: list[Element] = []
    for line in _lines(file):
        match line.split():
            case [] | ["comment" | "obj_info", *_]:
                pass
            case ["format", name, "1.0"] if name in ENCODINGS and encoding is None:
                encoding = ENCODINGS[name]
            case ["element", name, count] if name not in (known.name for known in elements):
                elements.append(Element(name, _count(name, count), {}))
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
    return Header(encoding, before, elements[place], after, file.tell())


def _lines(file: BinaryIO) -> list[str]:
    if file.readline(MAX_HEADER).rstrip(b"\r\n") != b"ply":
        raise FormatError("this is not a PLY file: it does not begin with the line 'ply'.")
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
            f"element {element} has the count {text[:40]!r}, wanted a whole number from 0 up."
        )
    return int(text)


def _add_property(element: Element, words: list[str], line: str) -> None:
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
