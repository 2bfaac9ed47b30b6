"""Reading the containers of SPZ files: headers, and the bytes of streams as they are needed."""

import importlib
import os
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from typing import Any

from gaussrep.errors import FormatError
from gaussrep.formats.checked_files import check_decompressed_size
from gaussrep.formats.first_bytes import NOT_SPZ
from gaussrep.formats.remarks import Remarks
from gaussrep.formats.spz_container import (
    ANTIALIASED,
    COORDINATE_SYSTEM,
    GZIP,
    GZIP_HEADER,
    HAS_EXTENSIONS,
    HEADER,
    MAGIC,
    MAX_DEGREE,
    ORBIT,
    RECORD,
    STREAM,
    TABLE,
    ZSTD_VERSION,
    ByteStream,
    SpzHeader,
    zstandard,
)

MAX_FRACTIONAL_BITS = 24
"""Bits of a center."""
MAX_EXTENSIONS = 2**20
"""Largest size of the records after the streams, in bytes; a design choice."""
FEED = 2**16
"""Bytes of a file that are unpacked at a time; a design choice."""


class StreamReader(ABC):
    """The bytes of a stream, one after another."""

    @abstractmethod
    def read(self, size: int) -> bytes:
        """Read the next bytes.

        Args:
            size: Their number.

        Returns:
            The bytes, all of them.

        Raises:
            FormatError: If the file is truncated or damaged.
        """


class SpzSource(ABC):
    """An SPZ file that is open.

    Args:
        file: The file.
        header: Its header, without axes.
        flags: Flags of the header.
    """

    def __init__(self, file: ByteStream, header: SpzHeader, flags: int) -> None:
        self.header = header
        self._file, self._flags = file, flags
        self._size = _size_of(file)

    @abstractmethod
    def in_order(self) -> Iterator[StreamReader]:
        """Open the streams of centers, opacities, colors, scales, quaternions and SH.

        Yields:
            A stream, to be read to its end before the next.
        """

    @abstractmethod
    def side_by_side(self) -> list[StreamReader]:
        """Open the streams for interleaved reading; slower for a packed file.

        Returns:
            The streams.
        """

    @abstractmethod
    def records(self) -> bytes:
        """Read the vendors' records.

        Returns:
            Their bytes, when `in_order` was read to its end or `side_by_side` was called.
        """

    def complete(self, remarks: Remarks) -> SpzHeader:
        """Read what follows the streams.

        Args:
            remarks: Where unknown flags and records are added.

        Returns:
            The header with the axes that a record names.

        Raises:
            FormatError: If the file is truncated, or too much follows its Gaussians.
        """
        records = self.records()
        if unknown := self._flags & ~(ANTIALIASED | HAS_EXTENSIONS):
            remarks.add(f"its flags 0x{unknown:02x} are unknown and ignored")
        if self._flags & HAS_EXTENSIONS:
            return replace(self.header, axes=_find_axes(records, remarks))
        return self.header


def open_spz(file: ByteStream) -> SpzSource:
    """Read the header of a file.

    Versions 1 to 3 are also read without gzip, as servers send them that unpack what they deliver.

    Args:
        file: The file, opened for reading.

    Returns:
        The file, before its streams.

    Raises:
        FormatError: If this is not an SPZ file of version 1 to 4, or is damaged, or is of version 4
            and zstandard is not installed.
    """
    head = file.read(HEADER.size)
    if not head.startswith(MAGIC):
        if not GZIP_HEADER.startswith(head[:2]):
            raise FormatError(NOT_SPZ)
        return _Packed.open(file)
    header, flags = _read_header(head)
    if header.version == ZSTD_VERSION:
        return _Zstd(file, header, flags, head[-1])
    return _Plain(file, header, flags)


def _size_of(file: ByteStream) -> int:
    place = file.tell()
    size = file.seek(0, os.SEEK_END)
    file.seek(place)
    return size


class _Inflater(StreamReader):
    """A place in the one gzip member of a file.

    Args:
        file: The file, shared with others.
        library: The module zlib, or one with the same functions.
    """

    def __init__(self, file: ByteStream, library: Any = zlib) -> None:
        self.unpacker: Any = library.decompressobj(wbits=GZIP)
        self.header: SpzHeader | None = None
        self._file, self._error = file, library.error
        self._place, self._rest, self._total = 0, b"", 0

    def fork(self) -> "_Inflater":
        """Copy the place, to read on from there later; only zlib can."""
        copied = copy(self)
        copied.unpacker = self.unpacker.copy()
        return copied

    def up_to(self, size: int) -> bytes:
        """Read at most `size` bytes, fewer at the end."""
        pieces, missing = [], size
        while missing and not self.unpacker.eof:
            if not self._rest:
                self._file.seek(self._place)
                self._rest = self._file.read(FEED)
                self._place += len(self._rest)
            is_end = not self._rest
            try:
                piece = self.unpacker.decompress(self._rest, missing)
            except self._error as error:
                raise FormatError(f"this is not an SPZ file, or it is damaged: {error}.") from error
            self._rest = self.unpacker.unconsumed_tail
            pieces.append(piece)
            missing -= len(piece)
            if is_end and not piece:
                break
        self._total += size - missing
        return b"".join(pieces)

    def read(self, size: int) -> bytes:
        found = self.up_to(size)
        if len(found) < size:
            raise self.truncation()
        return found

    def skip(self, size: int) -> None:
        while size:
            few = min(size, 2**20)
            self.read(few)
            size -= few

    def truncation(self) -> FormatError:
        assert self.header is not None
        wanted, have = self.header.count * sum(self.header.sizes), self._total - HEADER.size
        return FormatError(
            f"the file is truncated, or too much follows its Gaussians: {self.header.count} of "
            f"them need {wanted} bytes after unpacking, it has {have} and no end."
        )


def _fastest_library() -> Any:
    """Import isal, which unpacks faster, or else zlib."""
    try:
        return importlib.import_module("isal.isal_zlib")
    except ImportError:
        return zlib


class _Packed(SpzSource):
    """Versions 1 to 3: one gzip member, whose streams follow one another."""

    @classmethod
    def open(cls, file: ByteStream) -> "_Packed":
        inflater = _Inflater(file, _fastest_library())
        header, flags = _read_header(inflater.up_to(HEADER.size))
        if header.version == ZSTD_VERSION:
            raise FormatError("this is gzip around SPZ of version 4, which is not gzipped.")
        source = cls(file, header, flags)
        check_decompressed_size(source._size, header.count * sum(header.sizes))
        inflater.header = header
        source._inflater = inflater
        return source

    _inflater: _Inflater

    def in_order(self) -> Iterator[StreamReader]:
        for _ in self.header.sizes:
            yield self._inflater

    def side_by_side(self) -> list[StreamReader]:
        self._inflater = _Inflater(self._file)
        self._inflater.header = self.header
        self._inflater.skip(HEADER.size)
        readers: list[StreamReader] = []
        for size in self.header.sizes:
            readers.append(self._inflater.fork())
            self._inflater.skip(size * self.header.count)
        return readers

    def records(self) -> bytes:
        found = self._inflater.up_to(MAX_EXTENSIONS)
        if self._inflater.up_to(1) or not self._inflater.unpacker.eof:
            raise self._inflater.truncation()
        return found


class _Range:
    """A range of a file that others read, too.

    Args:
        file: The file.
        place: First byte.
        size: Number of bytes.
    """

    def __init__(self, file: ByteStream, place: int, size: int) -> None:
        self._file, self._place, self._left = file, place, size

    def read(self, size: int) -> bytes:
        self._file.seek(self._place)
        found = self._file.read(min(size, self._left))
        self._place += len(found)
        self._left -= len(found)
        return found


class _Plain(SpzSource):
    """Versions 1 to 3 without gzip."""

    def in_order(self) -> Iterator[StreamReader]:
        yield from self.side_by_side()

    def side_by_side(self) -> list[StreamReader]:
        place, readers = HEADER.size, list[StreamReader]()
        self._check_size()
        for size in self.header.sizes:
            length = size * self.header.count
            readers.append(_Whole(_Range(self._file, place, length), length))
            place += length
        return readers

    def _check_size(self) -> int:
        end = HEADER.size + self.header.count * sum(self.header.sizes)
        if not end <= self._size <= end + MAX_EXTENSIONS:
            raise FormatError(
                "the file is truncated, or too much follows its Gaussians: "
                f"{self.header.count} of them end at {end} bytes, it has {self._size}."
            )
        return end

    def records(self) -> bytes:
        end = self._check_size()
        return _Range(self._file, end, self._size - end).read(MAX_EXTENSIONS)


class _Zstd(SpzSource):
    """Version 4: every stream is packed on its own, behind a table of their sizes."""

    def __init__(self, file: ByteStream, header: SpzHeader, flags: int, declared: int) -> None:
        super().__init__(file, header, flags)
        first, sizes = HEADER.size + TABLE.size, header.streams
        if self._size < first:
            raise FormatError("the file is truncated: its header is not whole.")
        (place,) = TABLE.unpack(self._file.read(TABLE.size))
        if declared != len(sizes) or not (
            first <= place <= min(first + MAX_EXTENSIONS, self._size - len(sizes) * STREAM.size)
        ):
            raise FormatError(
                f"the header declares {declared} streams, expected {len(sizes)}, or their table at "
                f"byte {place} does not fit."
            )
        check_decompressed_size(self._size, sum(sizes))
        self._records = self._file.read(place - first)
        self._table = list(STREAM.iter_unpack(self._file.read(len(sizes) * STREAM.size)))
        self._first = place + len(sizes) * STREAM.size

    def in_order(self) -> Iterator[StreamReader]:
        zstd, start = zstandard(), self._first
        for (packed, unpacked), size in zip(self._table, self.header.streams, strict=True):
            if unpacked != size or start + packed > self._size:
                raise FormatError(
                    f"the file is truncated or damaged: a stream of {packed} bytes at {start} "
                    f"holds {unpacked}, expected {size}, in a file of {self._size}."
                )
            packed_stream = _Range(self._file, start, packed)
            unpacker = zstd.ZstdDecompressor().stream_reader(packed_stream, read_size=FEED)
            yield _Whole(unpacker, size, zstd.ZstdError)
            start += packed
        if len(self._table) < len(self.header.sizes):
            yield _Whole(_Range(self._file, 0, 0), 0)

    def side_by_side(self) -> list[StreamReader]:
        return list(self.in_order())

    def records(self) -> bytes:
        return self._records


class _Whole(StreamReader):
    """A stream that returns exactly the requested number of bytes.

    Args:
        source: Where the bytes are from.
        size: Size of the stream, for the message.
        error: What reading raises where the bytes are damaged.
    """

    def __init__(self, source: Any, size: int, error: type[Exception] = FormatError) -> None:
        self._source, self._size, self._error = source, size, error
        self._done = 0

    def read(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            try:
                piece = self._source.read(size - len(found))
            except self._error as error:
                raise FormatError(f"a stream of the file is damaged: {error}.") from error
            if not piece:
                done = self._done + len(found)
                raise FormatError(f"a stream of the file ends after {done} of {self._size} bytes.")
            found = found + piece if found else piece
        self._done += size
        return found


def _read_header(head: bytes) -> tuple[SpzHeader, int]:
    if len(head) < HEADER.size:
        raise FormatError("the file is truncated: its header is not whole.")
    magic, version, count, degree, bits, flags, _ = HEADER.unpack_from(head)
    if magic != MAGIC:
        raise FormatError("this is not an SPZ file: its content does not begin with NGSP.")
    if version not in (1, 2, 3, 4):
        raise FormatError(f"this is SPZ of version {version}; only 1 to 4 are read.")
    if count == 0 or degree > MAX_DEGREE or bits > MAX_FRACTIONAL_BITS:
        raise FormatError(
            f"the header declares {count} Gaussians, SH of degree {degree} and {bits} fractional "
            f"bits; expected at least 1, at most {MAX_DEGREE} and at most {MAX_FRACTIONAL_BITS}."
        )
    header = SpzHeader(version, count, degree, bits, antialiased=bool(flags & ANTIALIASED))
    return header, flags


def _find_axes(records: bytes, remarks: Remarks) -> int:
    """Find the axes that a record names, 0 without one; remark on records that are unknown."""
    axes, place = 0, 0
    while place + RECORD.size <= len(records):
        kind, length = RECORD.unpack_from(records, place)
        value = records[place + RECORD.size : place + RECORD.size + length]
        if kind == COORDINATE_SYSTEM:
            axes = int.from_bytes(value[:4], "little")
        elif kind != ORBIT:
            remarks.add(f"its record 0x{kind:08x} of {length} bytes is unknown and ignored")
        place += RECORD.size + length
    return axes
