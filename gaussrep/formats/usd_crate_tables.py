"""Reading the tables of USD's binary files: tokens, fields, paths and specs."""

import io
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from gaussrep.errors import FormatError
from gaussrep.formats.checked_files import check_decompressed_size
from gaussrep.formats.usd_crate_coding import (
    integers_limit,
    packed_limit,
    unpack,
    unpack_integers,
)
from gaussrep.formats.usd_crate_layout import (
    CHILD_FOLLOWS,
    CRATE,
    LEAF,
    SECTION,
    SIBLING_FOLLOWS,
    START,
)

OLDEST, NEWEST = (0, 4), (0, 14)
"""Versions that are read, and that OpenUSD 26.11 reads."""
COUNT = struct.Struct("<Q")
COST = {"TOKENS": 64, "STRINGS": 8, "FIELDS": 64, "FIELDSETS": 8, "PATHS": 64, "SPECS": 256}
"""Bytes of memory that an entry of a table takes, about; a design choice."""


class Window:
    """A part of a file that holds a layer.

    Args:
        file: The file.
        start: Place of the part.
        size: Bytes of the part; the rest of the file by default.
    """

    def __init__(self, file: BinaryIO, start: int = 0, size: int | None = None) -> None:
        self._file, self.start = file, start
        self.size = file.seek(0, io.SEEK_END) - start if size is None else size

    def read(self, place: int, size: int) -> bytes:
        """Read bytes.

        Args:
            place: Place of the first.
            size: Their number.

        Returns:
            The bytes, all of them.

        Raises:
            FormatError: If they are not in the part.
        """
        self.check(place, size)
        self._file.seek(self.start + place)
        content = self._file.read(size)
        if len(content) != size:
            raise FormatError("the file is truncated.")
        return content

    def count(self, place: int, size: int) -> int:
        """Read the number of the items that follow it.

        Args:
            place: Place of the number.
            size: Least bytes of an item.

        Returns:
            The number.

        Raises:
            FormatError: If the part has fewer bytes.
        """
        (count,) = COUNT.unpack(self.read(place, COUNT.size))
        self.check(place + COUNT.size, size * count)
        return count

    def check(self, place: int, size: int) -> None:
        """Check that bytes are in the part.

        Args:
            place: Place of the first.
            size: Their number.

        Raises:
            FormatError: If they are not.
        """
        if place < 0 or size < 0 or place + size > self.size:
            raise FormatError(
                f"the file is truncated or damaged: {size} bytes at byte {place} of "
                f"{self.size} are not in it."
            )


@dataclass(frozen=True, slots=True)
class CrateTables:
    """The tables of a binary layer.

    Args:
        version: Version of the layout, major and minor.
        tokens: Names and texts.
        strings: Tokens of texts, [strings].
        field_names: Tokens of the names of fields, [fields].
        field_values: Representations of their values, uint64 [fields].
        sets: Fields of sets, one after another, each ended by -1.
        parents: Places of the parents of paths in this list, which precede them; -1 for the root's.
        elements: Tokens of the last elements of paths, negative for those of properties, [paths].
        specs: Places of the path and of the first field, and kind, of each spec, [specs, 3].
    """

    version: tuple[int, int]
    tokens: list[bytes]
    strings: np.ndarray
    field_names: np.ndarray
    field_values: np.ndarray
    sets: np.ndarray
    parents: list[int]
    elements: np.ndarray
    specs: np.ndarray

    def token(self, index: int) -> str:
        """Return a text.

        Args:
            index: Its number.

        Returns:
            The text.

        Raises:
            FormatError: If there is none.
        """
        _check_index("token", index, len(self.tokens))
        return self.tokens[index].decode("utf-8", "replace")

    def string(self, index: int) -> str:
        """Return a text of the table of strings.

        Args:
            index: Its number.

        Returns:
            The text.

        Raises:
            FormatError: If there is none.
        """
        _check_index("string", index, len(self.strings))
        return self.token(int(self.strings[index]))


def _check_index(what: str, index: int, count: int) -> None:
    if not 0 <= index < count:
        raise FormatError(f"it is damaged: it has no {what} {index}.")


class _Section:
    """A section of a file, read from its start to its end."""

    def __init__(self, window: Window, name: str, place: int, size: int) -> None:
        self._window, self._name, self._place, self._end = window, name, place, place + size
        window.check(place, size)

    @property
    def file_size(self) -> int:
        return self._window.size

    def take(self, size: int) -> bytes:
        if size > self._end - self._place:
            raise FormatError(f"its section {self._name} is truncated.")
        content = self._window.read(self._place, size)
        self._place += size
        return content

    def number(self) -> int:
        return COUNT.unpack(self.take(COUNT.size))[0]

    def count(self) -> int:
        """Read the number of entries."""
        count = self.number()
        check_decompressed_size(self._window.size, COST[self._name] * count)
        return count

    def packed(self, limit: int) -> bytes:
        """Read compressed bytes after their number."""
        size = self.number()
        if size > packed_limit(limit):
            raise FormatError(f"its section {self._name} is damaged.")
        return self.take(size)

    def integers(self, count: int) -> np.ndarray:
        content = self.packed(integers_limit(count, 4))
        return unpack_integers(content, count, 4) if count else np.empty(0, np.int32)


def read_tables(window: Window) -> CrateTables:
    """Read the tables of a layer.

    Args:
        window: The file, or its part.

    Returns:
        The tables.

    Raises:
        FormatError: If the version is unknown, or they are damaged.
    """
    name, *version, _, place = START.unpack(window.read(0, START.size))
    version = version[0], version[1]
    if name != CRATE:
        raise FormatError("this is not a binary file of USD.")
    if not OLDEST <= version <= NEWEST:
        raise FormatError(
            f"its version {version[0]}.{version[1]} is not read, only 0.{OLDEST[1]} to "
            f"0.{NEWEST[1]}."
        )
    sections = _sections(window, place)
    tokens = _tokens(sections["TOKENS"])
    strings = sections["STRINGS"]
    names, values = _fields(sections["FIELDS"])
    sets = sections["FIELDSETS"]
    indices, elements, parents = _paths(sections["PATHS"])
    return CrateTables(
        version=version,
        tokens=tokens,
        strings=np.frombuffer(strings.take(4 * strings.count()), "<u4"),
        field_names=names,
        field_values=values,
        sets=sets.integers(sets.count()),
        parents=parents,
        elements=elements,
        specs=_specs(sections["SPECS"], indices),
    )


def _sections(window: Window, place: int) -> Mapping[str, _Section]:
    count = window.count(place, SECTION.size)
    content = window.read(place + COUNT.size, SECTION.size * count)
    found = {
        name.rstrip(b"\0").decode("latin-1"): (start, size)
        for name, start, size in SECTION.iter_unpack(content)
    }
    if missing := [name for name in COST if name not in found]:
        raise FormatError(f"it is damaged: it has no section {missing[0]}.")
    return {name: _Section(window, name, *found[name]) for name in COST}


def _tokens(section: _Section) -> list[bytes]:
    count, size = section.count(), section.number()
    check_decompressed_size(section.file_size, size)
    content = unpack(section.packed(size), size)
    tokens = content.split(b"\0")[:-1]
    if len(content) != size or len(tokens) != count:
        raise FormatError(f"its section TOKENS has {len(tokens)} tokens of {count}.")
    return tokens


def _fields(section: _Section) -> tuple[np.ndarray, np.ndarray]:
    count = section.count()
    names = section.integers(count)
    content = unpack(section.packed(8 * count), 8 * count)
    if len(content) != 8 * count:
        raise FormatError("its section FIELDS is damaged.")
    return names, np.frombuffer(content, "<u8")


def _paths(section: _Section) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Return the place of each path in the tree of them, -1 for none, and that tree."""
    count, used = section.count(), section.count()
    numbers, elements, jumps = (section.integers(used) for _ in range(3))
    if used == 0 or numbers.min() < 0 or numbers.max() >= count:
        raise FormatError("its section PATHS is damaged.")
    places = np.full(count, -1)
    places[numbers] = np.arange(used)
    if (places >= 0).sum() != used:
        raise FormatError("its section PATHS has a path twice.")
    return places, elements, _parents(jumps.tolist())


def _parents(jumps: list[int]) -> list[int]:
    """Return the parent of each path, which the next one is the child or the sibling of.

    A path whose sibling comes after its children names the distance to it.
    """
    parents, parent, waiting = [], -1, list[tuple[int, int]]()
    for place, jump in enumerate(jumps):
        parents.append(parent)
        if jump > 0:
            waiting.append((place + jump, parent))
        if jump > 0 or jump == CHILD_FOLLOWS:
            parent = place
        elif jump == LEAF and place + 1 < len(jumps):
            sibling, parent = waiting.pop() if waiting else (-1, -1)
            if sibling != place + 1:
                raise FormatError("its section PATHS is not a tree.")
        elif jump not in (SIBLING_FOLLOWS, LEAF):
            raise FormatError("its section PATHS is damaged.")
    if waiting or not jumps or jumps[-1] != LEAF:
        raise FormatError("its section PATHS is not a tree.")
    return parents


def _specs(section: _Section, places: np.ndarray) -> np.ndarray:
    count = section.count()
    paths, sets, kinds = (section.integers(count) for _ in range(3))
    if count and (paths.min() < 0 or paths.max() >= len(places)):
        raise FormatError("its section SPECS is damaged.")
    specs = np.stack([places[paths], sets, kinds], 1)
    found = specs[:, 0]
    if (found < 0).any() or len(np.unique(found)) != count:
        raise FormatError("its section SPECS has a path twice, or one that is not in PATHS.")
    return specs
