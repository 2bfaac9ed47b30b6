"""Container of SPZ files of version 2 and 3: a header of 16 bytes and the streams, gzipped."""

import struct
import zlib
from dataclasses import dataclass
from typing import Literal

from gaussrep.errors import FormatError
from gaussrep.formats.checked_files import check_decompressed_size

MAGIC = b"NGSP"
HEADER = struct.Struct("<4sIIBBBB")
"""Magic, version, number of Gaussians, SH degree, fractional bits, flags, and a reserved byte."""
GZIP = 16 + zlib.MAX_WBITS
"""Window bits by which zlib reads and writes gzip."""
ZSTD_VERSION = 4
"""The first version that is not gzipped."""
HAS_EXTENSIONS = 2
"""Flag of files with vendors' records after the streams."""
COORDINATE_SYSTEM = 0xADBE0003
"""Type of Adobe's record of the file's axes."""
READABLE_AXES = (0, 4)
"""Values of that record that are read: unspecified, and right, up, back."""
MAX_DEGREE = 4
MAX_FRACTIONAL_BITS = 24
"""Bits of a center."""
MAX_EXTENSIONS = 2**20
"""Largest size of the records after the streams, in bytes; a design choice."""


@dataclass(frozen=True, slots=True)
class SpzHeader:
    """Header of an SPZ file.

    Args:
        version: 2 or 3.
        count: Number of Gaussians, at least 1.
        degree: SH degree.
        fractional_bits: Bits behind the binary point of centers.
    """

    version: Literal[2, 3]
    count: int
    degree: int
    fractional_bits: int

    @property
    def sizes(self) -> tuple[int, ...]:
        """Bytes per Gaussian of centers, opacities, colors, scales, quaternions and SH."""
        return 9, 1, 3, 3, self.version + 1, 3 * ((self.degree + 1) ** 2 - 1)


def pack_spz(header: SpzHeader, body: bytes) -> bytes:
    """Pack header and streams.

    Args:
        header: The header.
        body: The streams, concatenated.

    Returns:
        Content of the file; the same for the same arguments.
    """
    head = HEADER.pack(
        MAGIC, header.version, header.count, header.degree, header.fractional_bits, 0, 0
    )
    packer = zlib.compressobj(wbits=GZIP)
    return packer.compress(head) + packer.compress(body) + packer.flush()


def unpack_spz(content: bytes) -> tuple[SpzHeader, bytes]:
    """Unpack header and streams.

    The header is decompressed first, and no more bytes than it declares after it.

    Args:
        content: The whole file.

    Returns:
        The header and the streams.

    Raises:
        FormatError: If this is no SPZ file of version 2 or 3, or it is damaged.
    """
    if content.startswith(MAGIC):
        raise FormatError(
            f"this is SPZ of version {ZSTD_VERSION} or newer, packed with Zstandard; only 2 and 3 "
            "are read. This converts it: splat-transform IN.spz OUT.spz --spz-version 3."
        )
    unpacker = zlib.decompressobj(wbits=GZIP)
    try:
        head = unpacker.decompress(content, HEADER.size)
        header, flags = _read_header(head)
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
    if flags & HAS_EXTENSIONS:
        _check_frame(rest)
    return header, body


def _read_header(head: bytes) -> tuple[SpzHeader, int]:
    if len(head) < HEADER.size:
        raise FormatError("the file is truncated: its header is not whole.")
    magic, version, count, degree, bits, flags, _ = HEADER.unpack(head)
    if magic != MAGIC:
        raise FormatError("this is no SPZ file: its content does not begin with NGSP.")
    if version not in (2, 3):
        raise FormatError(f"this is SPZ of version {version}; only 2 and 3 are read.")
    if count == 0 or degree > MAX_DEGREE or bits > MAX_FRACTIONAL_BITS:
        raise FormatError(
            f"the header declares {count} Gaussians, SH of degree {degree} and {bits} fractional "
            f"bits; wanted at least 1, at most {MAX_DEGREE} and at most {MAX_FRACTIONAL_BITS}."
        )
    return SpzHeader(version, count, degree, bits), flags


def _check_frame(records: bytes) -> None:
    """Reject axes other than right, up, back; other records change no Gaussian."""
    place = 0
    while place + 8 <= len(records):
        kind, length = struct.unpack_from("<II", records, place)
        frame = int.from_bytes(records[place + 8 : place + 8 + length], "little")
        if kind == COORDINATE_SYSTEM and frame not in READABLE_AXES:
            raise FormatError("the file's axes are not right, up, back; no others are read.")
        place += 8 + length
