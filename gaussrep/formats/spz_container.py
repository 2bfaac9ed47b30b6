"""Containers of SPZ files, and how they are written: gzip in versions 2 and 3, zstd in 4."""

import importlib
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from io import SEEK_END, BytesIO
from typing import Any, BinaryIO, Literal

from gaussrep.errors import FormatError

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
SAMPLE = 2**17
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
ZSTD_METHODS: tuple[dict[str, int], ...] = (
    {"compression_level": 1, "min_match": 7, "hash_log": 6},
    {"compression_level": 1},
    {"compression_level": 5, "min_match": 4, "hash_log": 18, "search_log": 1},
    {"compression_level": 9},
)
"""Parameters of Zstandard for written streams, the fastest first: hardly any repetitions, which
suits quantized SH without relations, few of them, short ones, of which centers have many, and a
long search. A design choice."""
ZSTD_LOSS = 0.02
"""Share of a stream that a faster method may add to it. A design choice."""
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
    sample = _sample(part)

    def size(method: tuple[int, int]) -> int:
        packer = _packer(*method)
        return len(packer.compress(sample) + packer.flush())

    return min(METHODS, key=size)


def _sample(part: ByteStream) -> bytes:
    part.seek(max(0, (part.seek(0, SEEK_END) - SAMPLE) // 2))
    return part.read(SAMPLE)


def _write_zstd(
    file: ByteStream,
    head: bytes,
    record: bytes,
    sizes: tuple[int, ...],
    streams: Sequence[ByteStream],
) -> None:
    """Pack every stream on its own, behind the records and a table of sizes."""
    packers = _zstd_packers()
    file.write(head + TABLE.pack(HEADER.size + TABLE.size + len(record)) + record)
    place = file.tell()
    file.write(bytes(STREAM.size * len(sizes)))
    table = b""
    for stream, size in zip(streams, sizes, strict=False):
        sample = _sample(stream)
        sampled = [len(packer.compress(sample)) for packer in packers]
        limit = (1 + ZSTD_LOSS) * min(sampled)
        packer = next(each for each, found in zip(packers, sampled, strict=True) if found <= limit)
        stream.seek(0)
        _, packed = packer.copy_stream(stream, file, size=size)
        table += STREAM.pack(packed, size)
    file.seek(place)
    file.write(table)


def _zstd_packers() -> list[Any]:
    module = zstandard()
    return [
        module.ZstdCompressor(compression_params=module.ZstdCompressionParameters(**method))
        for method in ZSTD_METHODS
    ]


def zstandard() -> Any:
    """Import zstandard.

    Returns:
        The module.

    Raises:
        FormatError: If it is not installed.
    """
    try:
        return importlib.import_module("zstandard")
    except ImportError as error:
        raise FormatError(
            "SPZ of version 4 is packed with Zstandard, which needs zstandard: "
            'pip install "gaussrep[zstd]".'
        ) from error
