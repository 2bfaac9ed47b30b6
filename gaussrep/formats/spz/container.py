"""The outside of an SPZ file of version 2 or 3: a header of 16 bytes and the streams, gzipped."""

import struct
import zlib
from dataclasses import dataclass
from typing import Literal

from gaussrep.errors import FormatError
from gaussrep.formats.growth import check_growth

MAGIC = b"NGSP"
HEADER = struct.Struct("<4sIIBBBB")
"""Magic, version, number of Gaussians, SH degree, fractional bits, flags, and a reserved byte."""
GZIP = 16 + zlib.MAX_WBITS
"""Tells zlib that its data is gzip's."""
ZSTD_VERSION = 4
"""The first version that is no gzip file."""
HAS_EXTENSIONS = 2
"""The flag that records of vendors follow the streams."""
COORDINATE_SYSTEM = 0xADBE0003
"""Adobe's record that the file is in another frame."""
USUAL_FRAMES = (0, 4)
"""What that record says where nothing is unusual: unspecified, and right, up, back."""
MAX_DEGREE = 4
MAX_FRACTIONAL_BITS = 24
"""Centers have 24 bits."""
MOST_EXTENSIONS = 2**20
"""Bytes that may follow the streams; ours."""


@dataclass(frozen=True, slots=True)
class Header:
    """What the 16 bytes say.

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


def pack(header: Header, body: bytes) -> bytes:
    """Put header and streams into a file.

    Args:
        header: What the streams hold.
        body: The streams, one after the other.

    Returns:
        The same bytes every time.
    """
    head = HEADER.pack(
        MAGIC, header.version, header.count, header.degree, header.fractional_bits, 0, 0
    )
    packer = zlib.compressobj(wbits=GZIP)
    return packer.compress(head) + packer.compress(body) + packer.flush()


def unpack(content: bytes) -> tuple[Header, bytes]:
    """Take a file apart.

    The header is unpacked first, and no more than it promises after it.

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
        check_growth(len(content), size)
        body = unpacker.decompress(unpacker.unconsumed_tail, size)
        rest = unpacker.decompress(unpacker.unconsumed_tail, MOST_EXTENSIONS)
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


def _read_header(head: bytes) -> tuple[Header, int]:
    if len(head) < HEADER.size:
        raise FormatError("the file is truncated: its header is not whole.")
    magic, version, count, degree, bits, flags, _ = HEADER.unpack(head)
    if magic != MAGIC:
        raise FormatError("this is no SPZ file: what is packed does not begin with NGSP.")
    if version not in (2, 3):
        raise FormatError(f"this is SPZ of version {version}; only 2 and 3 are read.")
    if count == 0 or degree > MAX_DEGREE or bits > MAX_FRACTIONAL_BITS:
        raise FormatError(
            f"the header says {count} Gaussians, SH of degree {degree} and {bits} fractional bits; "
            f"wanted at least 1, at most {MAX_DEGREE} and at most {MAX_FRACTIONAL_BITS}."
        )
    return Header(version, count, degree, bits), flags


def _check_frame(records: bytes) -> None:
    """Refuse files that are not right, up, back; other records change no Gaussian."""
    place = 0
    while place + 8 <= len(records):
        kind, length = struct.unpack_from("<II", records, place)
        frame = int.from_bytes(records[place + 8 : place + 8 + length], "little")
        if kind == COORDINATE_SYSTEM and frame not in USUAL_FRAMES:
            raise FormatError(
                "the file says that its axes are not right, up, back, and no others are read."
            )
        place += 8 + length
