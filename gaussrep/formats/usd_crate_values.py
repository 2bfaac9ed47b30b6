"""Reading the values of USD's binary files."""

import struct
from typing import Any

import numpy as np

from gaussrep.errors import FormatError
from gaussrep.formats.checked_files import check_decompressed_size
from gaussrep.formats.format import divide_rows
from gaussrep.formats.usd_crate_coding import (
    integers_limit,
    packed_limit,
    unpack_integers,
)
from gaussrep.formats.usd_crate_layout import (
    IS_ARRAY,
    IS_EDIT,
    IS_INLINED,
    IS_PACKED,
    PAYLOAD,
    Kind,
)
from gaussrep.formats.usd_crate_tables import COUNT, CrateTables, Window

XYZW_TO_WXYZ = [3, 0, 1, 2]
ROWS = 2**16
"""Rows of an array that are converted at a time; a design choice."""
SHORTEST_PACKED = 16
"""Numbers of the shortest array that is packed, regardless of its representation."""
LARGEST_RANKED, LARGEST_OF_32 = (0, 4), (0, 6)
"""Newest versions whose arrays have a rank, and sizes of 32 bits."""
NUMBERS = {
    Kind.BOOL: ("?", 1), Kind.UCHAR: ("<u1", 1), Kind.INT: ("<i4", 1), Kind.UINT: ("<u4", 1),
    Kind.INT64: ("<i8", 1), Kind.UINT64: ("<u8", 1), Kind.HALF: ("<f2", 1),
    Kind.FLOAT: ("<f4", 1), Kind.DOUBLE: ("<f8", 1), Kind.MATRIX2D: ("<f8", 4),
    Kind.MATRIX3D: ("<f8", 9), Kind.MATRIX4D: ("<f8", 16), Kind.QUATD: ("<f8", 4),
    Kind.QUATF: ("<f4", 4), Kind.QUATH: ("<f2", 4), Kind.VEC2D: ("<f8", 2), Kind.VEC2F: ("<f4", 2),
    Kind.VEC2H: ("<f2", 2), Kind.VEC2I: ("<i4", 2), Kind.VEC3D: ("<f8", 3), Kind.VEC3F: ("<f4", 3),
    Kind.VEC3H: ("<f2", 3), Kind.VEC3I: ("<i4", 3), Kind.VEC4D: ("<f8", 4), Kind.VEC4F: ("<f4", 4),
    Kind.VEC4H: ("<f2", 4), Kind.VEC4I: ("<i4", 4),
}  # fmt: skip
"""Types of numbers, and how many a value has."""
SIDES = {Kind.MATRIX2D: 2, Kind.MATRIX3D: 3, Kind.MATRIX4D: 4}
QUATS = (Kind.QUATD, Kind.QUATF, Kind.QUATH)
"""Quaternions, xyzw in the file."""
INLINED_AS = {Kind.DOUBLE: "<f4", Kind.INT64: "<i4", Kind.UINT64: "<u4"}
"""Types in four bytes of numbers of eight."""
ADDING_LISTS = (2, 4, 32, 64)
"""Marks of the lists of an operation that add to a list, explicit, added, prepended and appended,
in the order of the file."""


class CrateValues:
    """The values of a layer.

    Args:
        window: The file, or its part.
        tables: The tables of the layer.
    """

    def __init__(self, window: Window, tables: CrateTables) -> None:
        self._window, self._tables, self._spent = window, tables, 0

    def value(self, rep: int) -> Any:
        """Read a value.

        Args:
            rep: Its representation.

        Returns:
            A number, a text, a tuple of numbers, quaternions wxyz, a matrix, a list of texts, or an
            array of float32, [N] or [N, width]; None if there is none. Of time
            samples, the first.

        Raises:
            FormatError: If it is damaged, or of a type that is not read.
        """
        kind, place = _kind(rep), rep & PAYLOAD
        if kind == Kind.TIME_SAMPLES:
            return self._first_sample(place)
        if rep & IS_EDIT:
            raise FormatError("it edits an array of another layer, which is not read.")
        if rep & IS_ARRAY:
            return self._array(kind, rep)
        if kind in NUMBERS:
            return self._number(Kind(kind), rep)
        if kind in (Kind.TOKEN, Kind.SPECIFIER, Kind.VARIABILITY, Kind.STRING):
            number = place & 0xFFFFFFFF
            if kind in (Kind.SPECIFIER, Kind.VARIABILITY):
                return number
            return self._text(kind, number)
        if kind in (Kind.TOKENS, Kind.STRINGS):
            return self._texts(kind, place, self._count(place, 4))
        if kind == Kind.TOKEN_LIST:
            return self._list(place)
        if kind == Kind.BLOCK:
            return None
        raise FormatError(f"it has the type {kind}, which is not read.")

    def dictionary(self, rep: int) -> dict[str, int]:
        """Read a dictionary.

        Args:
            rep: Its representation.

        Returns:
            Representations of its values by name.

        Raises:
            FormatError: If it is damaged.
        """
        if _kind(rep) != Kind.DICTIONARY:
            raise FormatError("a dictionary of it is damaged.")
        if rep & IS_INLINED:
            return {}
        place = rep & PAYLOAD
        entries, count = dict[str, int](), self._count(place, 20)
        place += COUNT.size
        for _ in range(count):
            name = self._text(Kind.STRING, self._integer(place, 4))
            place = self._follow(place + 4)
            entries[name] = self._integer(place)
            place += 8
        return entries

    def _read(self, place: int, size: int) -> bytes:
        self._spend(size)
        return self._window.read(place, size)

    def _spend(self, size: int) -> None:
        """Count what all values take, since several may be at one place."""
        self._spent += size
        check_decompressed_size(self._window.size, self._spent)

    def _integer(self, place: int, size: int = 8) -> int:
        return int.from_bytes(self._read(place, size), "little")

    def _count(self, place: int, size: int) -> int:
        count = self._window.count(place, size)
        self._spend(size * count)
        return count

    def _follow(self, place: int) -> int:
        """Return the place to which a distance leads."""
        return place + int.from_bytes(self._read(place, 8), "little", signed=True)

    def _text(self, kind: int, index: int) -> str:
        table = self._tables
        return table.string(index) if kind in (Kind.STRING, Kind.STRINGS) else table.token(index)

    def _texts(self, kind: int, place: int, count: int, head: int = COUNT.size) -> list[str]:
        content = self._window.read(place + head, 4 * count)
        return [self._text(kind, index) for index in np.frombuffer(content, "<u4").tolist()]

    def _list(self, place: int) -> list[str]:
        (marks,), place, names = self._read(place, 1), place + 1, list[str]()
        for mark in ADDING_LISTS:
            if marks & mark:
                count = self._count(place, 4)
                names += self._texts(Kind.TOKENS, place, count)
                place += COUNT.size + 4 * count
        return names

    def _first_sample(self, place: int) -> Any:
        """Read the first of the values of an attribute that changes in time."""
        values = self._follow(self._follow(place) + 8)
        if self._count(values, 8) == 0:
            return None
        rep = self._integer(values + COUNT.size)
        if _kind(rep) == Kind.TIME_SAMPLES:
            raise FormatError("its samples are damaged.")
        return self.value(rep)

    def _number(self, kind: Kind, rep: int) -> Any:
        dtype, width = NUMBERS[kind]
        size = np.dtype(dtype).itemsize * width
        if rep & IS_INLINED:
            numbers = _inlined(kind, struct.pack("<I", rep & 0xFFFFFFFF))
        else:
            numbers = np.frombuffer(self._read(rep & PAYLOAD, size), dtype)
        if kind in SIDES:
            return numbers.astype(np.float64).reshape(SIDES[kind], -1)
        if width == 1:
            return numbers[0].item()
        return tuple(numbers[XYZW_TO_WXYZ if kind in QUATS else slice(None)].tolist())

    def _array(self, kind: int, rep: int) -> Any:
        place = rep & PAYLOAD
        if place == 0:
            count, head = 0, 0
        else:
            count, head = self._array_count(place)
        if kind in (Kind.TOKEN, Kind.STRING):
            self._spend(4 * count)
            return self._texts(kind, place, count, head)
        if kind not in NUMBERS:
            raise FormatError(f"it has the type {kind}[], which is not read.")
        is_packed = bool(rep & IS_PACKED) and count >= SHORTEST_PACKED
        numbers = self._numbers(Kind(kind), place + head, count, is_packed=is_packed)
        if kind in QUATS:
            for part in divide_rows(count, ROWS):
                numbers[part] = numbers[part, XYZW_TO_WXYZ]
        return numbers

    def _numbers(self, kind: Kind, place: int, count: int, *, is_packed: bool) -> np.ndarray:
        code, width = NUMBERS[kind]
        dtype = np.dtype(code)
        if not is_packed:
            self._window.check(place, dtype.itemsize * width * count)
        self._spend(4 * width * count)
        numbers = np.empty((count, width) if width > 1 else count, np.float32)
        with np.errstate(over="ignore"):
            if is_packed:
                self._unpack(kind, place, numbers)
            else:
                self._convert(dtype, place, numbers)
        return numbers

    def _array_count(self, place: int) -> tuple[int, int]:
        """Return an array's length, and the bytes ahead of its numbers."""
        version = self._tables.version
        rank = 4 if version <= LARGEST_RANKED else 0
        size = 4 if version <= LARGEST_OF_32 else 8
        return self._integer(place + rank, size), rank + size

    def _convert(self, dtype: np.dtype, place: int, numbers: np.ndarray) -> None:
        """Read an array that is not packed, few rows at a time."""
        for part in divide_rows(len(numbers), ROWS):
            rows = numbers[part]
            content = self._window.read(place, rows.size * dtype.itemsize)
            rows[:] = np.frombuffer(content, dtype).reshape(rows.shape)
            place += len(content)

    def _unpack(self, kind: Kind, place: int, numbers: np.ndarray) -> None:
        """Read an array of integers, of floats that are integers, or of few different floats."""
        dtype = np.dtype(NUMBERS[kind][0])
        if kind in (Kind.INT, Kind.UINT, Kind.INT64, Kind.UINT64):
            numbers[:] = self._integers(place, len(numbers), dtype.itemsize).view(dtype)
            return
        if kind not in (Kind.HALF, Kind.FLOAT, Kind.DOUBLE):
            raise FormatError(f"it is packed, which no array of the type {kind} is.")
        code = self._read(place, 1)
        if code == b"i":
            numbers[:] = self._integers(place + 1, len(numbers), 4)
        elif code == b"t":
            self._look_up(dtype, place + 1, numbers)
        else:
            raise FormatError(f"it is packed by the method {code!r}, which is unknown.")

    def _look_up(self, dtype: np.dtype, place: int, numbers: np.ndarray) -> None:
        size = self._integer(place, 4)
        table = np.frombuffer(self._read(place + 4, dtype.itemsize * size), dtype)
        found = self._integers(place + 4 + table.nbytes, len(numbers), 4).view("<u4")
        if found.max() >= size:
            raise FormatError("it is packed, and damaged.")
        numbers[:] = table.astype(np.float32)[found]

    def _integers(self, place: int, count: int, size: int) -> np.ndarray:
        packed = self._integer(place)
        if packed > packed_limit(integers_limit(count, size)):
            raise FormatError("it is packed, and damaged.")
        return unpack_integers(self._window.read(place + COUNT.size, packed), count, size)


def _kind(rep: int) -> int:
    return rep >> 48 & 0xFF


def _inlined(kind: Kind, content: bytes) -> np.ndarray:
    """Return numbers that are in the representation: whole, in four bytes, or in one byte each."""
    dtype, width = NUMBERS[kind]
    size = np.dtype(dtype).itemsize * width
    if size <= len(content):
        return np.frombuffer(content[:size], dtype)
    if kind in INLINED_AS:
        return np.frombuffer(content, INLINED_AS[kind])
    small = np.frombuffer(content, np.int8)
    if kind in SIDES:
        return np.diag(small[: SIDES[kind]]).ravel()
    if kind in QUATS:
        raise FormatError("a quaternion of it is damaged.")
    return small[:width].astype(dtype)
