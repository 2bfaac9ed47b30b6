"""Containers of SPZ files: a header and streams, gzipped in versions 1 to 3, zstd in version 4."""

import importlib
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import SEEK_END, BytesIO
from typing import Any, BinaryIO, Literal

from gaussrep.errors import FormatError
from gaussrep.formats.checked_files import check_decompressed_size
from gaussrep.formats.remarks import Remarks

ByteStream = BinaryIO | BytesIO
MAGIC = b"NGSP"
HEADER = struct.Struct("<4sIIBBBB")
"""Magic, version, number of Gaussians, SH degree, fractional bits, flags; the last byte is reserved
up to version 3, and the number of streams in version 4."""
GZIP = 16 + zlib.MAX_WBITS
"""Window bits by which zlib reads and writes gzip."""
GZIP_HEADER = b"\x1f\x8b\x08" + bytes(6) + b"\xff"
"""Start of a gzip file without a date, of an unknown system."""
GZIP_END = struct.Struct("<II")
"""Checksum and size, its end."""
BLOCK = 2**20
"""Bytes that are packed at a time; a design choice."""
SAMPLE = 2**18
"""Bytes of a stream by which a strategy is chosen; a design choice."""
METHODS = (
    (0, zlib.Z_DEFAULT_STRATEGY),
    (zlib.Z_DEFAULT_COMPRESSION, zlib.Z_RLE),
    (3, zlib.Z_DEFAULT_STRATEGY),
    (6, zlib.Z_DEFAULT_STRATEGY),
)
"""Levels and strategies of deflate, the fastest first: none, runs only, and repetitions, of which
a longer search does not always find better ones."""
ZSTD_VERSION = 4
"""The first version that is not gzipped."""
ZSTD_LEVEL = 9
"""Zstandard's level of written files; a design choice."""
TABLE = struct.Struct("<I12x")
"""Place of the table of streams, behind the header in version 4."""
STREAM = struct.Struct("<QQ")
"""Packed and unpacked size of a stream, an entry of that table."""
ANTIALIASED = 1
"""Flag of scenes that were trained with antialiasing."""
HAS_EXTENSIONS = 2
"""Flag of files with vendors' records."""
RECORD = struct.Struct("<II")
"""Type and size of a vendor's record."""
COORDINATE_SYSTEM, ORBIT = 0xADBE0003, 0xADBE0002
"""Types of Adobe's records of the file's axes, and of the camera's limits, which change nothing."""
MAX_DEGREE = 4
MAX_FRACTIONAL_BITS = 24
"""Bits of a center."""
MAX_EXTENSIONS = 2**20
"""Largest size of the records after the streams, in bytes; a design choice."""


@dataclass(frozen=True, slots=True)
class SpzHeader:
    """Header of an SPZ file.

    Args:
        version: 1 to 4.
        count: Number of Gaussians, at least 1.
        degree: SH degree.
        fractional_bits: Bits behind the binary point of centers.
        axes: Number of the axes in Adobe's record; 0 where the file has none.
        antialiased: Flag of scenes that were fitted with antialiasing.
    """

    version: Literal[1, 2, 3, 4]
    count: int
    degree: int
    fractional_bits: int
    axes: int = 0
    antialiased: bool = False

    @property
    def sizes(self) -> tuple[int, ...]:
        """Bytes per Gaussian of centers, opacities, colors, scales, quaternions and SH."""
        center = 6 if self.version == 1 else 9
        quaternion = 3 if self.version < 3 else 4
        return center, 1, 3, 3, quaternion, 3 * ((self.degree + 1) ** 2 - 1)

    @property
    def streams(self) -> tuple[int, ...]:
        """Bytes of every stream that version 4 packs on its own; there is none without SH."""
        return tuple(self.count * size for size in self.sizes if size)


def write_spz(file: ByteStream, header: SpzHeader, streams: Sequence[ByteStream]) -> None:
    """Write header and streams of version 2 to 4.

    Args:
        file: The file, opened for writing; its content is the same for the same arguments.
        header: The header; its axes are recorded unless they are 0.
        streams: Centers, opacities, colors, scales, quaternions and SH.

    Raises:
        FormatError: If the version is 4 and zstandard is not installed.
    """
    record = struct.pack("<III", COORDINATE_SYSTEM, 4, header.axes) if header.axes else b""
    sizes = header.streams if header.version == ZSTD_VERSION else ()
    head = HEADER.pack(
        MAGIC,
        header.version,
        header.count,
        header.degree,
        header.fractional_bits,
        ANTIALIASED * header.antialiased | HAS_EXTENSIONS * bool(record),
        len(sizes),
    )
    if sizes:
        _write_zstd(file, head, record, sizes, streams)
    else:
        filled = [stream for stream, size in zip(streams, header.sizes, strict=False) if size]
        _write_gzip(file, [BytesIO(head), *filled, BytesIO(record)])


def _write_gzip(file: ByteStream, parts: Sequence[ByteStream]) -> None:
    """Pack parts into one gzip member, each by the strategy of deflate that suits it."""
    file.write(GZIP_HEADER)
    checksum = total = 0
    for part in parts:
        packer = _packer(*_method(part))
        part.seek(0)
        while block := part.read(BLOCK):
            file.write(packer.compress(block))
            checksum, total = zlib.crc32(block, checksum), total + len(block)
        file.write(packer.flush(zlib.Z_SYNC_FLUSH))
    file.write(zlib.compressobj(wbits=-zlib.MAX_WBITS).flush())
    file.write(GZIP_END.pack(checksum, total % 2**32))


def _packer(level: int, strategy: int) -> Any:
    return zlib.compressobj(level, wbits=-zlib.MAX_WBITS, strategy=strategy)


def _method(part: ByteStream) -> tuple[int, int]:
    """Choose level and strategy of deflate by a sample; of equal ones, the fastest."""
    part.seek(max(0, (part.seek(0, SEEK_END) - SAMPLE) // 2))
    sample = part.read(SAMPLE)

    def size(method: tuple[int, int]) -> int:
        packer = _packer(*method)
        return len(packer.compress(sample) + packer.flush())

    return min(METHODS, key=size)


def _write_zstd(
    file: ByteStream,
    head: bytes,
    record: bytes,
    sizes: tuple[int, ...],
    streams: Sequence[ByteStream],
) -> None:
    """Pack every stream on its own, behind the records and a table of sizes."""
    packer = _zstandard().ZstdCompressor(level=ZSTD_LEVEL)
    file.write(head + TABLE.pack(HEADER.size + TABLE.size + len(record)) + record)
    place = file.tell()
    file.write(bytes(STREAM.size * len(sizes)))
    table = b""
    for stream, size in zip(streams, sizes, strict=False):
        stream.seek(0)
        _, packed = packer.copy_stream(stream, file, size=size)
        table += STREAM.pack(packed, size)
    file.seek(place)
    file.write(table)


def unpack_spz(content: bytes, remarks: Remarks) -> tuple[SpzHeader, bytes]:
    """Unpack header and streams.

    The header is unpacked first, and no more bytes than it declares after it. Versions 1 to 3 are
    also read without gzip, as servers send them that unpack what they deliver.

    Args:
        content: The whole file.
        remarks: Where unknown flags and records are added.

    Returns:
        The header and the streams.

    Raises:
        FormatError: If this is no SPZ file of version 1 to 4, it is damaged, or it is of version 4
            and zstandard is not installed.
    """
    if not content.startswith(MAGIC):
        header, flags, body, records = _unpack_gzip(content)
    elif _read_header(content)[0].version == ZSTD_VERSION:
        header, flags, body, records = _unpack_zstd(content)
    else:
        header, flags, body, records = _unpack_plain(content)
    _remark_flags(flags, remarks)
    if flags & HAS_EXTENSIONS:
        header = _with_axes(header, records, remarks)
    return header, body


Parts = tuple[SpzHeader, int, bytes, bytes]
"""Header, flags, streams and records."""


def _unpack_gzip(content: bytes) -> Parts:
    unpacker = zlib.decompressobj(wbits=GZIP)
    try:
        header, flags = _read_header(unpacker.decompress(content, HEADER.size))
        if header.version == ZSTD_VERSION:
            raise FormatError("this is gzip around SPZ of version 4, which is not gzipped.")
        size = header.count * sum(header.sizes)
        check_decompressed_size(len(content), size)
        body = unpacker.decompress(unpacker.unconsumed_tail, size)
        rest = unpacker.decompress(unpacker.unconsumed_tail, MAX_EXTENSIONS)
    except zlib.error as error:
        raise FormatError(f"this is no SPZ file, or it is damaged: {error}.") from error
    if len(body) < size or not unpacker.eof:
        raise FormatError(
            f"the file is truncated, or too much follows its Gaussians: {header.count} of them "
            f"need {size} bytes after unpacking, it has {len(body) + len(rest)} and no end."
        )
    return header, flags, body, rest


def _unpack_plain(content: bytes) -> Parts:
    header, flags = _read_header(content)
    end = HEADER.size + header.count * sum(header.sizes)
    if not end <= len(content) <= end + MAX_EXTENSIONS:
        raise FormatError(
            f"the file is truncated, or too much follows its Gaussians: {header.count} of them "
            f"end at {end} bytes, it has {len(content)}."
        )
    return header, flags, content[HEADER.size : end], content[end:]


def _unpack_zstd(content: bytes) -> Parts:
    header, flags = _read_header(content)
    first = HEADER.size + TABLE.size
    if len(content) < first:
        raise FormatError("the file is truncated: its header is not whole.")
    (place,) = TABLE.unpack_from(content, HEADER.size)
    sizes = header.streams
    if content[HEADER.size - 1] != len(sizes) or not (
        first <= place <= min(first + MAX_EXTENSIONS, len(content) - len(sizes) * STREAM.size)
    ):
        raise FormatError(
            f"the header declares {content[HEADER.size - 1]} streams, wanted {len(sizes)}, or "
            f"their table at byte {place} does not fit."
        )
    check_decompressed_size(len(content), sum(sizes))
    table = list(STREAM.iter_unpack(content[place : place + len(sizes) * STREAM.size]))
    return (
        header,
        flags,
        _join(content, place + len(sizes) * STREAM.size, table, sizes),
        (content[first:place]),
    )


def _join(
    content: bytes, start: int, table: list[tuple[int, int]], sizes: tuple[int, ...]
) -> bytes:
    """Unpack and concatenate the streams of version 4."""
    zstd, streams = _zstandard(), []
    for (packed, unpacked), size in zip(table, sizes, strict=True):
        if unpacked != size or start + packed > len(content):
            raise FormatError(
                f"the file is truncated or damaged: a stream of {packed} bytes at {start} holds "
                f"{unpacked}, wanted {size}, in a file of {len(content)}."
            )
        try:
            reader = zstd.ZstdDecompressor().stream_reader(content[start : start + packed])
            stream = reader.read(size)
        except zstd.ZstdError as error:
            raise FormatError(f"a stream of the file is damaged: {error}.") from error
        if len(stream) < size:
            raise FormatError(f"a stream of the file ends after {len(stream)} of {size} bytes.")
        streams.append(stream)
        start += packed
    return b"".join(streams)


def _zstandard() -> Any:
    try:
        return importlib.import_module("zstandard")
    except ImportError as error:
        raise FormatError(
            "SPZ of version 4 is packed with Zstandard, which needs zstandard: "
            'pip install "gaussrep[zstd]".'
        ) from error


def _read_header(head: bytes) -> tuple[SpzHeader, int]:
    if len(head) < HEADER.size:
        raise FormatError("the file is truncated: its header is not whole.")
    magic, version, count, degree, bits, flags, _ = HEADER.unpack_from(head)
    if magic != MAGIC:
        raise FormatError("this is no SPZ file: its content does not begin with NGSP.")
    if version not in (1, 2, 3, 4):
        raise FormatError(f"this is SPZ of version {version}; only 1 to 4 are read.")
    if count == 0 or degree > MAX_DEGREE or bits > MAX_FRACTIONAL_BITS:
        raise FormatError(
            f"the header declares {count} Gaussians, SH of degree {degree} and {bits} fractional "
            f"bits; wanted at least 1, at most {MAX_DEGREE} and at most {MAX_FRACTIONAL_BITS}."
        )
    header = SpzHeader(version, count, degree, bits, antialiased=bool(flags & ANTIALIASED))
    return header, flags


def _remark_flags(flags: int, remarks: Remarks) -> None:
    if unknown := flags & ~(ANTIALIASED | HAS_EXTENSIONS):
        remarks.add(f"its flags 0x{unknown:02x} are unknown and ignored")


def _with_axes(header: SpzHeader, records: bytes, remarks: Remarks) -> SpzHeader:
    """Read the axes of the records; remark on records that are unknown."""
    axes, place = 0, 0
    while place + RECORD.size <= len(records):
        kind, length = RECORD.unpack_from(records, place)
        value = records[place + RECORD.size : place + RECORD.size + length]
        if kind == COORDINATE_SYSTEM:
            axes = int.from_bytes(value[:4], "little")
        elif kind != ORBIT:
            remarks.add(f"its record 0x{kind:08x} of {length} bytes is unknown and ignored")
        place += RECORD.size + length
    return replace(header, axes=axes)
