"""Writing of Gaussians as USD's binary file, a crate of version 0.8, and as a package of one.

The layout is that of OpenUSD 26.11's pxr/usd/sdf/crateFile.h: a start, values, six sections of
tables, and the places of these. Arrays follow the start, so that their places are known before they
are written. The tables, which are small, are blocks of LZ4 without any repetition.
"""

import struct
import zipfile
from collections.abc import Mapping, Sequence, Sized
from io import BufferedIOBase
from typing import IO, BinaryIO

import numpy as np

from gaussrep import __version__
from gaussrep.errors import FormatError
from gaussrep.formats.axes import Signs
from gaussrep.formats.format import divide_rows
from gaussrep.formats.usd_crate_layout import (
    CHILD_FOLLOWS,
    CRATE,
    IS_ARRAY,
    IS_INLINED,
    LEAF,
    PRIM_SPEC,
    PROPERTY,
    ROOT,
    SECTION,
    SIBLING_FOLLOWS,
    START,
    Kind,
)
from gaussrep.formats.usd_scene import DEGREE, SPLATS, VENDOR
from gaussrep.formats.usd_writing import PRIM, ROWS, UsdArray, arrays, degree_of
from gaussrep.gaussians import Gaussians

VERSION = (0, 8, 0)
"""The version that OpenUSD 26.11 itself writes."""
WIDTHS = {"float[]": 1, "float3[]": 3, "point3f[]": 3, "quatf[]": 4}
XYZW = [1, 2, 3, 0]
DATE = (1980, 1, 1, 0, 0, 0)
ZIP_ENTRY = 30
"""Bytes ahead of an entry's name in a zip file; the name and a field of padding follow."""
ALIGNMENT = 64
"""Bytes at whose multiples the files of a package begin."""
LARGEST_PACKAGE = 2**31 - 1
"""Bytes of the largest file in a zip file without its extension to 64 bits, which packages lack."""


ARRAY_KINDS = {1: Kind.FLOAT, 3: Kind.VEC3F, 4: Kind.QUATF}
Plain = bool | int | str | Mapping[str, "Plain"]


def write_crate(file: BinaryIO, scene: Gaussians, signs: Signs, suffix: str) -> None:
    """Write a binary layer, or a package of one.

    Args:
        file: The file, opened for writing.
        scene: One scene, float32, on the CPU.
        signs: Signs of x, y and z in the file's axes.
        suffix: `.usdc` or `.usdz`.

    Raises:
        FormatError: If a package would be too large.
    """
    crate = _Crate(scene, list(arrays(scene, signs)))
    if suffix != ".usdz":
        crate.write(file)
        return
    if crate.size > LARGEST_PACKAGE:
        raise FormatError("a .usdz package holds at most 2 GiB; write .usdc.")
    info = zipfile.ZipInfo("scene.usdc", DATE)
    ahead = ZIP_ENTRY + len(info.filename) + 4
    padding = -ahead % ALIGNMENT
    info.extra = struct.pack("<HH", 0x1986, padding) + bytes(padding)
    with zipfile.ZipFile(file, "w") as package, package.open(info, "w") as layer:
        crate.write(layer)


class _Crate:
    """The tables of a layer with one prim.

    Args:
        scene: The scene.
        arrays: Its arrays.
    """

    def __init__(self, scene: Gaussians, arrays: Sequence[UsdArray]) -> None:
        self._tokens, self._strings = {"": 0}, dict[str, int]()
        self._fields, self._sets = dict[tuple[int, int], int](), list[int]()
        self._specs, self._elements = list[tuple[int, int]](), [0]
        self._arrays, self._values = arrays, b""
        self._places, self._place = [], START.size
        for array in arrays:
            self._places.append(self._place)
            self._place += 8 + _nbytes(array) + -_nbytes(array) % 8
        self._add_root()
        self._add_prim(scene)
        self._add_degree(scene)
        for array, place in zip(arrays, self._places, strict=True):
            self._add_array(array, place)
        self._end, self._end_place = self._sections(self._place + len(self._values))

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self._place + len(self._values) + len(self._end)

    def write(self, file: IO[bytes] | BufferedIOBase) -> None:
        """Write the file, from its start to its end.

        Args:
            file: Where to.
        """
        file.write(START.pack(CRATE, *VERSION, self._end_place))
        for array in self._arrays:
            file.write(struct.pack("<Q", _rows(array)))
            for part in divide_rows(array.count, ROWS):
                rows = array.take(part)
                rows = rows[:, XYZW] if array.kind == "quatf[]" else rows
                file.write(np.ascontiguousarray(rows, "<f4").data)
            file.write(bytes(-_nbytes(array) % 8))
        file.write(self._values + self._end)

    def _add_root(self) -> None:
        self._add_spec(ROOT, {
            "customLayerData": self._dictionary({"creator": f"gaussrep {__version__}"}),
            "defaultPrim": self._token(PRIM),
            "metersPerUnit": _rep(Kind.DOUBLE, IS_INLINED, int(np.float32(1).view(np.uint32))),
            "upAxis": self._token("Y"),
            "primChildren": self._names([PRIM]),
        })  # fmt: skip

    def _add_prim(self, scene: Gaussians) -> None:
        fields = {"specifier": _rep(Kind.SPECIFIER, IS_INLINED, 0), "typeName": self._token(SPLATS)}
        if scene.antialiased:
            fields["customData"] = self._dictionary({VENDOR: {"antialiased": True}})
        fields["properties"] = self._names([DEGREE, *(array.name for array in self._arrays)])
        self._elements.append(self._token_index(PRIM))
        self._add_spec(PRIM_SPEC, fields)

    def _add_degree(self, scene: Gaussians) -> None:
        value = _rep(Kind.INT, IS_INLINED, degree_of(scene))
        self._add_property(DEGREE, "int", value, {}, is_uniform=True)

    def _add_array(self, array: UsdArray, place: int) -> None:
        value = _rep(ARRAY_KINDS[WIDTHS[array.kind]], IS_ARRAY, place)
        self._add_property(array.name, array.kind, value, array.fields)

    def _add_property(
        self,
        name: str,
        kind: str,
        value: int,
        fields: Mapping[str, int | str],
        *,
        is_uniform: bool = False,
    ) -> None:
        self._elements.append(-self._token_index(name))
        self._add_spec(PROPERTY, {
            "custom": self._inlined(False),
            "typeName": self._token(kind),
            "variability": _rep(Kind.VARIABILITY, IS_INLINED, int(is_uniform)),
            "default": value,
            **{
                key: self._token(field) if isinstance(field, str) else self._inlined(field)
                for key, field in fields.items()
            },
        })  # fmt: skip

    def _add_spec(self, kind: int, fields: Mapping[str, int]) -> None:
        self._specs.append((kind, len(self._sets)))
        for name, rep in fields.items():
            field = (self._token_index(name), rep)
            self._sets.append(self._fields.setdefault(field, len(self._fields)))
        self._sets.append(-1)

    def _token_index(self, text: str) -> int:
        return self._tokens.setdefault(text, len(self._tokens))

    def _token(self, text: str) -> int:
        return _rep(Kind.TOKEN, IS_INLINED, self._token_index(text))

    def _string_index(self, text: str) -> int:
        self._token_index(text)
        return self._strings.setdefault(text, len(self._strings))

    def _names(self, names: Sequence[str]) -> int:
        """Add a value that is a list of tokens."""
        indices = [self._token_index(name) for name in names]
        return self._add_value(Kind.TOKENS, struct.pack(f"<Q{len(names)}I", len(names), *indices))

    def _dictionary(self, values: Mapping[str, Plain]) -> int:
        place = self._place + len(self._values)
        return self._add_value(Kind.DICTIONARY, self._dictionary_content(values, place))

    def _dictionary_content(self, values: Mapping[str, Plain], place: int) -> bytes:
        """Lay out a dictionary at a place: each key, the distance to its value, and the value."""
        content = struct.pack("<Q", len(values))
        for name, value in values.items():
            content += struct.pack("<I", self._string_index(name))
            start, inner = place + len(content) + 8, b""
            if isinstance(value, Mapping):
                inner = self._dictionary_content(value, start)
                rep = _rep(Kind.DICTIONARY, 0, start)
            else:
                rep = self._inlined(value)
            content += struct.pack("<q", 8 + len(inner)) + inner + struct.pack("<Q", rep)
        return content

    def _inlined(self, value: bool | int | str) -> int:
        if isinstance(value, str):
            return _rep(Kind.STRING, IS_INLINED, self._string_index(value))
        return _rep(Kind.BOOL if isinstance(value, bool) else Kind.INT, IS_INLINED, int(value))

    def _add_value(self, kind: Kind, content: bytes) -> int:
        place = self._place + len(self._values)
        self._values += content + bytes(-len(content) % 8)
        return _rep(kind, 0, place)

    def _sections(self, place: int) -> tuple[bytes, int]:
        """Lay out the sections and the list of them, from a place in the file on."""
        kinds, sets = zip(*self._specs, strict=True)
        numbers = range(len(self._specs))
        jumps = [CHILD_FOLLOWS] * 2 + [SIBLING_FOLLOWS] * (len(numbers) - 3) + [LEAF]
        reps = np.array([rep for _, rep in self._fields], "<u8").tobytes()
        text = b"".join(token.encode() + b"\0" for token in self._tokens)
        tokens = [self._tokens[string] for string in self._strings]
        sections = {
            "TOKENS": _count(self._tokens) + struct.pack("<Q", len(text)) + _sized(_packed(text)),
            "STRINGS": _count(tokens) + np.array(tokens, "<u4").tobytes(),
            "FIELDS": _count(self._fields)
            + _integers([name for name, _ in self._fields])
            + _sized(_packed(reps)),
            "FIELDSETS": _count(self._sets) + _integers(self._sets),
            "PATHS": 2 * _count(numbers)
            + _integers(numbers)
            + _integers(self._elements)
            + _integers(jumps),
            "SPECS": _count(numbers) + _integers(numbers) + _integers(sets) + _integers(kinds),
        }
        content, entries = b"", _count(sections)
        for name, section in sections.items():
            entries += SECTION.pack(name.encode(), place + len(content), len(section))
            content += section
        return content + entries, place + len(content)


def _rows(array: UsdArray) -> int:
    return array.count * int(array.fields.get("elementSize", 1))


def _nbytes(array: UsdArray) -> int:
    return 4 * WIDTHS[array.kind] * _rows(array)


def _rep(kind: Kind, flags: int, payload: int) -> int:
    """Represent a value: its type, and itself or its place in the file."""
    return flags | kind << 48 | payload


def _count(items: Sized) -> bytes:
    return struct.pack("<Q", len(items))


def _sized(content: bytes) -> bytes:
    return struct.pack("<Q", len(content)) + content


def _integers(numbers: Sequence[int]) -> bytes:
    """Encode integers as differences of four bytes each, the longest of their codes."""
    steps = np.diff(np.array([0, *numbers], "<i4"))
    codes = b"\xff" * -(-len(steps) // 4)
    return _sized(_packed(bytes(4) + codes + steps.tobytes()))


def _packed(content: bytes) -> bytes:
    """Pack bytes as one block of LZ4 with one run of literals, after the number of further blocks.

    A run of 15 or more has the rest of its length in bytes after the first, 255 each but the last.
    """
    rest = len(content) - 15
    if rest < 0:
        return bytes([0, len(content) << 4]) + content
    return b"\0\xf0" + b"\xff" * (rest // 255) + bytes([rest % 255]) + content
