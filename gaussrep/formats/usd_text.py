"""Reading of USD's text files, `.usda`."""

import mmap as mapping
import re
import warnings
from collections.abc import Iterator
from mmap import ALLOCATIONGRANULARITY, mmap
from typing import Any

import numpy as np

from gaussrep.errors import FormatError
from gaussrep.formats.usd_layer import UsdLayer, UsdPrim, UsdProperty

MAGIC = b"#usda"
SPACE = re.compile(rb"(?:[\s,;]+|#[^\n]*|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
"""Separators and comments; newlines do not end statements."""
STRING = (
    rb'"""(?:[^\\]|\\.)*?"""|\'\'\'(?:[^\\]|\\.)*?\'\'\'|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\''
)
ASSET = rb"@@@.*?@@@|@[^@\n]*@"
WORD = rb"[A-Za-z_\x80-\xff][\w\x80-\xff]*(?::[\w\x80-\xff]+)*(?:\.[A-Za-z]+)?"
NUMBER = rb"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|inf\b|nan\b)"
TOKEN = re.compile(
    rb"(?P<string>" + STRING + rb")|(?P<asset>" + ASSET + rb")|(?P<path><[^>\n]*>)|"
    rb"(?P<number>" + NUMBER + rb")|(?P<word>" + WORD + rb")|(?P<mark>[()\[\]{}=:])",
    re.DOTALL,
)
NESTED = re.compile(STRING + rb"|" + ASSET + rb"|#[^\n]*|[\[\](){}]", re.DOTALL)
NUMERIC = re.compile(
    r"(?:half|float|double|int|uint|uchar|int64|uint64|bool)(?P<width>[234])?"
    r"|(?:point|vector|normal|color|texCoord)(?P<roles>[234])[hfd]"
    r"|quat[hfd]|(?:matrix|frame)(?P<side>[234])d"
)
"""Types of numbers and of vectors of them."""
LISTS = ("prepend", "append", "add", "delete", "reorder")
"""Words before the fields that are lists."""
TAKING = ("delete", "reorder")
"""Those of them that add nothing to a list."""
VARIABILITIES = ("custom", "uniform", "varying", "config")
SPECIFIERS = ("def", "over", "class")
MAX_DEPTH = 64
"""Deepest nesting of prims and of values; a design choice."""
PIECE = 2**22
"""Bytes of an array that are parsed at a time; a design choice."""
BLANKS = bytes.maketrans(b"(),", b"   ")


def read_text(data: bytes | mmap, start: int = 0) -> UsdLayer:
    """Parse a layer.

    Of time samples the first is kept, of variants none.

    Args:
        data: The whole file, or of a package the part up to the end of the layer.
        start: Place of the layer's first byte.

    Returns:
        Its content.

    Raises:
        FormatError: If it is damaged, or nested too deeply.
    """
    if data[start : start + len(MAGIC)] != MAGIC:
        raise FormatError("this is not a text file of USD: it does not begin with #usda.")
    return _Parser(data, start).layer()


class _Parser:
    """A place in the text, and the forms that may begin there."""

    def __init__(self, data: bytes | mmap, place: int) -> None:
        self._data, self._place, self._depth = data, place, 0

    def layer(self) -> UsdLayer:
        fields = self._fields() if self._peek() == b"(" else {}
        prims = []
        while word := self._peek():
            if word.decode("latin-1") in SPECIFIERS:
                prims.append(self._prim())
            else:
                self._list_of_names()
        return UsdLayer(fields, tuple(prims))

    def _prim(self) -> UsdPrim:
        specifier = self._take("word")
        kind = self._take("word") if self._peek()[:1] not in (b'"', b"'") else ""
        name = self._string()
        fields = self._fields() if self._peek() == b"(" else {}
        properties: dict[str, UsdProperty] = {}
        children = []
        for word in self._inside(b"{", b"}"):
            if word in SPECIFIERS:
                children.append(self._prim())
            elif word == "variantSet":
                self._variants()
                fields["variantSets"] = True
            elif word == "reorder":
                self._list_of_names()
            else:
                self._property(properties)
        return UsdPrim(specifier, kind, name, fields, properties, tuple(children))

    def _inside(self, begin: bytes, end: bytes) -> Iterator[str]:
        """Yield the first token of each statement between two marks."""
        self._mark(begin)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise FormatError(f"the file is nested more than {MAX_DEPTH} levels deep.")
        while (token := self._peek()) != end:
            if not token:
                raise self._error(len(self._data))
            yield token.decode("latin-1")
        self._mark(end)
        self._depth -= 1

    def _variants(self) -> None:
        self._take("word")
        self._string()
        self._mark(b"=")
        self._skip_nested()

    def _list_of_names(self) -> None:
        """Skip an order, `reorder nameChildren = […]`."""
        if self._take("word") != "reorder":
            raise self._error()
        self._take("word")
        self._mark(b"=")
        self._value("token[]")

    def _property(self, properties: dict[str, UsdProperty]) -> None:
        kind = self._take("word")
        while kind in (*VARIABILITIES, *LISTS):
            kind = self._take("word")
        kind += self._brackets()
        name, _, part = self._take("word").partition(".")
        old = properties.get(name, UsdProperty())
        value, is_sampled = old.value, old.is_sampled
        if self._peek() == b"=":
            self._mark(b"=")
            if part == "timeSamples":
                sample = self._first_sample(kind)
                value, is_sampled = (sample, True) if value is None else (value, is_sampled)
            elif part or kind == "rel":
                self._value("")
            else:
                value, is_sampled = self._value(kind), False
        fields = self._fields() if self._peek() == b"(" else {}
        properties[name] = UsdProperty(value, old.fields | fields, is_sampled)

    def _brackets(self) -> str:
        if self._peek() != b"[":
            return ""
        self._mark(b"[")
        self._mark(b"]")
        return "[]"

    def _first_sample(self, kind: str) -> Any:
        first: list[Any] = []
        for _ in self._inside(b"{", b"}"):
            self._take("number")
            self._mark(b":")
            if first and self._peek()[:1] in (b"[", b"("):
                self._skip_nested()
            else:
                first.append(self._value(kind))
        return first[0] if first else None

    def _fields(self) -> dict[str, Any]:
        """Parse metadata; a string without a name is the comment."""
        fields: dict[str, Any] = {}
        for token in self._inside(b"(", b")"):
            if token[0] in "\"'":
                fields["comment"] = self._string()
                continue
            operation, name = "", self._take("word")
            if name in LISTS:
                operation, name = name, self._take("word")
            self._mark(b"=")
            value, old = self._value(""), fields.get(name)
            if operation and isinstance(old, list) and isinstance(value, list):
                value = [*old, *value]
            if operation not in TAKING:
                fields[name] = value
        return fields

    def _value(self, kind: str) -> Any:
        token = self._peek()
        if token == b"[":
            width = _width(kind.removesuffix("[]")) if kind.endswith("[]") else None
            return self._list() if width is None else self._numbers(width)
        if token == b"(":
            return tuple(self._value("") for _ in self._inside(b"(", b")"))
        if token == b"{":
            return self._dictionary()
        return self._scalar(token)

    def _list(self) -> list[Any]:
        return [self._value("") for _ in self._inside(b"[", b"]")]

    def _scalar(self, token: bytes) -> Any:
        if token[:1] in (b'"', b"'"):
            return self._string()
        if token[:1] in (b"@", b"<"):
            return self._reference()
        found = self._match()
        self._place = found.end()
        if found.lastgroup == "number":
            return float(found[0])
        word = found[0].decode("utf-8", "replace")
        if found.lastgroup != "word":
            raise self._error(found.start())
        return {"None": None, "true": True, "false": False}.get(word, word)

    def _reference(self) -> str:
        """Parse an asset, a path, or an asset with a path and a shift in time."""
        text = b""
        while self._peek()[:1] in (b"@", b"<"):
            found = self._match()
            self._place, text = found.end(), text + found[0]
        if self._peek() == b"(":
            self._skip_nested()
        return text.decode("utf-8", "replace")

    def _dictionary(self) -> dict[str, Any]:
        """Parse a dictionary of typed entries, or of entries by number or path."""
        entries: dict[str, Any] = {}
        for token in self._inside(b"{", b"}"):
            if token[0] in "<+-.0123456789":
                found = self._match()
                self._place = found.end()
                self._mark(b":")
                entries[found[0].decode("latin-1")] = self._value("")
                continue
            kind = self._take("word") + self._brackets()
            is_quoted = self._peek()[:1] in (b'"', b"'")
            name = self._string() if is_quoted else self._take("word")
            self._mark(b"=")
            entries[name] = self._value(kind)
        return entries

    def _numbers(self, width: int) -> np.ndarray:
        """Parse an array of numbers, a piece at a time."""
        self._mark(b"[")
        start = self._place
        end, commas = self._end_of_array(start)
        values, done = np.empty(commas + 1, np.float32), 0
        while start < end:
            stop = min(start + PIECE, end)
            if stop < end:
                stop = self._data.rfind(b",", start, stop) + 1 or end
            found = self._parse(self._data[start:stop], start)
            if done + len(found) > len(values):
                raise FormatError(f"an array that ends at byte {end} lacks commas.")
            values[done : done + len(found)] = found
            self._release(start, stop)
            start, done = stop, done + len(found)
        values = values[:done]
        self._place = end + 1
        if len(values) % width:
            raise FormatError(
                f"an array that ends at byte {end} has {len(values)} numbers, expected a multiple "
                f"of {width}."
            )
        return values if width == 1 else values.reshape(-1, width)

    def _end_of_array(self, start: int) -> tuple[int, int]:
        """Find the end of an array, and count the commas in it."""
        commas = 0
        for place in range(start, len(self._data), PIECE):
            piece = self._data[place : place + PIECE]
            self._release(place, place + len(piece))
            end = piece.find(b"]")
            commas += piece.count(b",", 0, len(piece) if end < 0 else end)
            if end >= 0:
                return place + end, commas
        raise FormatError(f"the file is truncated: the array at byte {start} has no end.")

    def _release(self, start: int, stop: int) -> None:
        """Release the memory of a part of the file, on systems that support it."""
        if isinstance(self._data, mmap) and hasattr(self._data, "madvise"):
            start -= start % ALLOCATIONGRANULARITY
            self._data.madvise(mapping.MADV_DONTNEED, start, stop - start)

    def _parse(self, text: bytes, place: int) -> np.ndarray:
        plain = text.translate(BLANKS)
        if not plain.strip():
            return np.empty(0, np.float32)
        try:
            with warnings.catch_warnings(), np.errstate(over="ignore"):
                warnings.simplefilter("error", DeprecationWarning)
                return np.fromstring(plain.decode("latin-1"), np.float32, sep=" ")
        except (ValueError, DeprecationWarning) as error:
            raise FormatError(f"an array at byte {place} holds what is not a number.") from error

    def _skip_nested(self) -> None:
        """Skip a value in brackets, regardless of its content."""
        depth = 0
        while found := NESTED.search(self._data, self._place):
            self._place, mark = found.end(), found[0]
            depth += (mark in (b"[", b"(", b"{")) - (mark in (b"]", b")", b"}"))
            if depth == 0 and mark in (b"]", b")", b"}"):
                return
        raise self._error()

    def _string(self) -> str:
        text = self._take("string")
        size = 3 if text[:3] in ('"""', "'''") else 1
        return text[size:-size]

    def _take(self, group: str) -> str:
        found = self._match()
        if found.lastgroup != group:
            raise self._error(found.start())
        self._place = found.end()
        return found[0].decode("utf-8", "replace")

    def _mark(self, mark: bytes) -> None:
        found = self._match()
        if found[0] != mark:
            raise self._error(found.start())
        self._place = found.end()

    def _peek(self) -> bytes:
        """Return the next token; empty at the end of the file."""
        space = SPACE.match(self._data, self._place)
        if space is not None and space.end() == len(self._data):
            return b""
        return self._match()[0]

    def _match(self) -> re.Match[bytes]:
        space = SPACE.match(self._data, self._place)
        start = self._place if space is None else space.end()
        found = TOKEN.match(self._data, start)
        if found is None:
            raise self._error(start)
        return found

    def _error(self, place: int | None = None) -> FormatError:
        place = self._place if place is None else place
        if place >= len(self._data):
            return FormatError("the file is truncated: its text ends within a statement.")
        text = self._data[place : place + 30].decode("latin-1")
        return FormatError(f"its text at byte {place} is not understood: {text!r}.")


def _width(kind: str) -> int | None:
    """Return the number of components of a type; None for non-numeric types."""
    found = NUMERIC.fullmatch(kind)
    if found is None:
        return None
    if found["side"]:
        return int(found["side"]) ** 2
    return 4 if kind.startswith("quat") else int(found["width"] or found["roles"] or 1)
