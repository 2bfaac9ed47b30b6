"""Containers and buffers of glTF files, read a range at a time."""

import base64
import binascii
import re
import struct
from abc import ABC, abstractmethod
from dataclasses import dataclass
from os import SEEK_END
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from urllib.parse import unquote

from gaussrep.errors import FormatError
from gaussrep.formats.gltf_file import Buffer, Document, parse_document

MAGIC = b"glTF"
GLB = struct.Struct("<4sII")
"""Magic, version and length of a binary file."""
CHUNK = struct.Struct("<I4s")
"""Length and type of each chunk."""
JSON, BIN = b"JSON", b"BIN\0"
DATA_URI = "data:"
BLOCK = 2**20
"""Bytes of JSON that are searched at a time; a design choice."""
URI = re.compile(rb'"data:[^",\\]{0,200};base64,')
"""Start of a buffer in the JSON. If the JSON has escapes, its parser reads the buffer."""
LONGEST_START = 256
"""More than the longest match."""
MARK = "#"
"""Before the number of a buffer that was taken out of the JSON; no character of base64."""


class ByteSource(ABC):
    """Bytes of a buffer.

    Args:
        size: Their number.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._start, self._last = 0, b""

    def read(self, start: int, size: int) -> bytes:
        """Read a range, which is kept until another is read.

        Args:
            start: The first byte.
            size: Number of bytes.

        Returns:
            The bytes.

        Raises:
            FormatError: If they cannot be read.
        """
        if (start, size) != (self._start, len(self._last)):
            self._last = self._read(start, size)
            self._start = start
        if len(self._last) < size:
            raise FormatError("the file became shorter while it was read.")
        return self._last

    @abstractmethod
    def _read(self, start: int, size: int) -> bytes: ...


class _Range(ByteSource):
    """A range of an open file."""

    def __init__(self, file: BinaryIO, place: int, size: int) -> None:
        super().__init__(size)
        self._file, self._place = file, place

    def _read(self, start: int, size: int) -> bytes:
        self._file.seek(self._place + start)
        return self._file.read(size)


class _Base64(ByteSource):
    """A range of an open file that holds base64."""

    def __init__(self, file: BinaryIO, place: int, length: int) -> None:
        self._file, self._place = file, place
        file.seek(place + max(0, length - 2))
        padding = file.read(min(2, length)).count(b"=")
        super().__init__(length // 4 * 3 - padding)
        if length % 4:
            raise FormatError("a buffer in the JSON cannot be read: Incorrect padding.")

    def _read(self, start: int, size: int) -> bytes:
        first, end = start // 3, -(-(start + size) // 3)
        self._file.seek(self._place + 4 * first)
        decoded = _decode(self._file.read(4 * (end - first)))
        return decoded[start - 3 * first : start - 3 * first + size]


class _Sibling(ByteSource):
    """A file beside the glTF file, opened for every range."""

    def __init__(self, path: Path, name: str) -> None:
        self._path, self._name = path, name
        try:
            if not path.is_file():
                raise FormatError(f"its buffer {name[:80]!r} is missing.")
            super().__init__(path.stat().st_size)
        except OSError as error:
            raise self._error(error) from error

    def _read(self, start: int, size: int) -> bytes:
        try:
            with self._path.open("rb") as file:
                file.seek(start)
                return file.read(size)
        except OSError as error:
            raise self._error(error) from error

    def _error(self, error: OSError) -> FormatError:
        return FormatError(
            f"its buffer {self._name[:80]!r} cannot be read: {error.strerror or error}."
        )


class _Bytes(ByteSource):
    """Bytes in memory."""

    def __init__(self, content: bytes) -> None:
        super().__init__(len(content))
        self._content = content

    def _read(self, start: int, size: int) -> bytes:
        return self._content[start : start + size]


@dataclass(frozen=True, slots=True)
class Container:
    """JSON and buffers of a glTF file.

    Args:
        document: Its JSON.
        buffers: Its bytes, one entry per buffer of the document.
    """

    document: Document
    buffers: tuple[ByteSource, ...]


def read_container(file: BinaryIO, folder: Path) -> Container:
    """Parse a file, and find the buffers that it refers to.

    Args:
        file: The file, binary or JSON, opened for reading, and open while buffers are read.
        folder: Folder of the file; buffers are read only from it and its subfolders.

    Returns:
        JSON and buffers.

    Raises:
        FormatError: If it is damaged, or a buffer is missing or too short.
    """
    start = file.read(len(MAGIC))
    file.seek(0)
    inside: list[ByteSource] = []
    if start == MAGIC:
        text, binary = _split(file)
    else:
        text, inside = _take_out_buffers(file)
        binary = None
    document = parse_document(text)
    buffers = tuple(_open(buffer, binary, inside, folder) for buffer in document.buffers)
    return Container(document, buffers)


def _split(file: BinaryIO) -> tuple[bytes, ByteSource | None]:
    """Read the JSON of a binary file, and find its buffer."""
    head, size = file.read(GLB.size), file.seek(0, SEEK_END)
    if len(head) < GLB.size:
        raise FormatError("the file is truncated: its header is not whole.")
    _, version, length = GLB.unpack(head)
    if version != 2:
        raise FormatError(f"this is binary glTF of version {version}, expected 2.")
    if length > size:
        raise FormatError(f"the file is truncated: it needs {length} bytes, it has {size}.")
    chunks, place = [], GLB.size
    while place + CHUNK.size <= length and len(chunks) < 2:
        file.seek(place)
        size, kind = CHUNK.unpack(file.read(CHUNK.size))
        place += CHUNK.size
        if place + size > length:
            raise FormatError(f"a chunk of {size} bytes does not fit into the file.")
        chunks.append((kind, _Range(file, place, size)))
        place += size
    if not chunks or chunks[0][0] != JSON:
        raise FormatError("this is not a binary glTF file: it does not begin with JSON.")
    text = chunks[0][1]
    binary = chunks[1][1] if len(chunks) == 2 and chunks[1][0] == BIN else None
    return text.read(0, text.size), binary


def _take_out_buffers(file: BinaryIO) -> tuple[bytes, list[ByteSource]]:
    """Read JSON with numbers in place of the buffers in base64, and find these."""
    text, buffers, place, searched = bytearray(), list[ByteSource](), 0, 0
    while True:
        file.seek(place)
        block = file.read(BLOCK)
        if not block:
            return bytes(text), buffers
        text += block
        place += len(block)
        found = URI.search(text, searched)
        start = place - (0 if found is None else len(text) - found.end())
        end = None if found is None else _end_of_string(file, start)
        if found is None or end is None:
            searched = max(searched, len(text) - LONGEST_START) if found is None else found.end()
            continue
        del text[found.end() :]
        text += f"{MARK}{len(buffers)}".encode()
        buffers.append(_Base64(file, start, end - start))
        place, searched = end, len(text)


def _end_of_string(file: BinaryIO, start: int) -> int | None:
    """Find the end of a string of JSON; None if it has escapes or no end."""
    file.seek(start)
    while block := file.read(BLOCK):
        end = block.find(b'"')
        if b"\\" in block[: end if end >= 0 else len(block)]:
            return None
        if end >= 0:
            return start + end
        start += len(block)
    return None


def _open(
    buffer: Buffer, binary: ByteSource | None, inside: list[ByteSource], folder: Path
) -> ByteSource:
    uri = buffer.uri
    if uri is None:
        source = binary
    elif uri.startswith(DATA_URI):
        source = _in_json(uri, inside)
    else:
        source = _sibling(folder, unquote(uri))
    if source is None or source.size < buffer.byte_length:
        have = 0 if source is None else source.size
        raise FormatError(f"a buffer of {buffer.byte_length} bytes is truncated: it has {have}.")
    return source


def _in_json(uri: str, inside: list[ByteSource]) -> ByteSource:
    head, _, text = uri.partition(",")
    if not head.endswith(";base64"):
        raise FormatError("a buffer in the JSON cannot be read: it is not base64.")
    number = text.removeprefix(MARK)
    if number != text and number.isdecimal() and int(number) < len(inside):
        return inside[int(number)]
    return _Bytes(_decode(text.encode()))


def _decode(text: bytes) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise FormatError(f"a buffer in the JSON cannot be read: {error}.") from error


def _sibling(folder: Path, name: str) -> ByteSource:
    """Open a plain file in the folder or a subfolder."""
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts or any(c in name for c in ":\\\0"):
        raise FormatError(
            f"its buffer {name[:80]!r} is not a file beside it or below, and no others are read."
        )
    return _Sibling(folder / relative, name)
