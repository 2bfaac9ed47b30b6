"""Compression of USD's binary files: blocks of LZ4, and integers as differences of their own sizes.

The forms are those of the LZ4 block format's description, and of OpenUSD 26.11's
pxr/base/tf/fastCompression.h and pxr/usd/sdf/integerCoding.h.
"""

import numpy as np

from gaussrep.errors import FormatError

LEFT_TO_BYTES = 15
"""Length in four bits whose rest is in the bytes that follow."""
SHORTEST_MATCH = 4
DIFFERENCES = {4: (0, 1, 2, 4), 8: (0, 2, 4, 8)}
"""Bytes of a difference by its code, of integers of four and of eight bytes."""
SHIFTS = np.array([0, 2, 4, 6], np.uint8)
"""Places of four codes in a byte."""
PIECE = 2**16
"""Integers that are decoded at a time, a multiple of four; a design choice."""


def unpack(content: bytes, limit: int) -> bytes:
    """Unpack one or several blocks.

    Args:
        content: Their number, 0 for a single one without its size, and the blocks.
        limit: Most bytes that may result.

    Returns:
        The bytes.

    Raises:
        FormatError: If they are damaged, or more than the limit result.
    """
    try:
        if content[0] == 0:
            return _unpack_block(content[1:], limit)
        unpacked, place = b"", 1
        for _ in range(content[0]):
            start = place + 4
            place = start + int.from_bytes(content[place:start], "little")
            unpacked += _unpack_block(content[start:place], limit - len(unpacked))
        return unpacked
    except IndexError as error:
        raise FormatError("a compressed part of it is truncated.") from error


def _unpack_block(data: bytes, limit: int) -> bytes:
    found, place, end = bytearray(), 0, len(data)
    while True:
        token = data[place]
        length, place = _length(data, place + 1, token >> 4)
        _check_size(len(found) + length, limit)
        if place + length > end:
            raise FormatError("a compressed part of it is truncated.")
        found += data[place : place + length]
        place += length
        if place == end:
            return bytes(found)
        distance = data[place] | data[place + 1] << 8
        length, place = _length(data, place + 2, token & 15)
        _check_size(len(found) + length + SHORTEST_MATCH, limit)
        _repeat(found, distance, length + SHORTEST_MATCH)


def _length(data: bytes, place: int, length: int) -> tuple[int, int]:
    """Return a length, of which a token has four bits, and the place after it."""
    if length == LEFT_TO_BYTES:
        while data[place] == 255:
            length, place = length + 255, place + 1
        length, place = length + data[place], place + 1
    return length, place


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        raise FormatError(f"a compressed part of it grows beyond its {limit} bytes.")


def _repeat(found: bytearray, distance: int, length: int) -> None:
    """Append bytes that begin a distance before the end, and may include themselves."""
    start = len(found) - distance
    if distance == 0 or start < 0:
        raise FormatError("a compressed part of it repeats what is not there.")
    if distance >= length:
        found += found[start : start + length]
    else:
        found += (found[start:] * (length // distance + 1))[:length]


def packed_limit(size: int) -> int:
    """Return the most bytes to which LZ4 packs.

    Args:
        size: Number of bytes to pack.

    Returns:
        The number, with that of the blocks and their sizes.
    """
    return size + size // 255 + 16 + 1 + 4 * 127


def integers_limit(count: int, size: int) -> int:
    """Return the most bytes of encoded integers, before they are packed.

    Args:
        count: Number of integers.
        size: Bytes of each, 4 or 8.

    Returns:
        The number.
    """
    return size + -(-count // 4) + size * count


def unpack_integers(content: bytes, count: int, size: int) -> np.ndarray:
    """Decode integers: the difference that is commonest, a code of two bits for each, the others.

    Args:
        content: The packed bytes.
        count: Number of integers.
        size: Bytes of each, 4 or 8.

    Returns:
        The integers, int32 or int64 [count].

    Raises:
        FormatError: If they are damaged.
    """
    data = np.frombuffer(unpack(content, integers_limit(count, size)), np.uint8)
    place = size + -(-count // 4)
    if place > len(data):
        raise FormatError(f"it lacks some of {count} integers.")
    commonest = int(data[:size].view(f"<i{size}")[0])
    found, last = np.empty(count, f"<i{size}"), 0
    for start in range(0, count, PIECE):
        part = found[start : start + PIECE]
        first = size + start // 4
        codes = data[first : first + -(-len(part) // 4), None] >> SHIFTS & 3
        steps, place = _differences(data, place, codes.ravel()[: len(part)], commonest, size)
        with np.errstate(over="ignore"):
            steps[0] += last
            np.cumsum(steps, out=steps)
        part[:], last = steps.astype(part.dtype), steps[-1]
    return found


def _differences(
    data: np.ndarray, place: int, codes: np.ndarray, commonest: int, size: int
) -> tuple[np.ndarray, int]:
    """Return differences by their codes, and the place after them."""
    sizes = np.array(DIFFERENCES[size])[codes]
    ends = place + np.cumsum(sizes)
    if ends[-1] > len(data):
        raise FormatError(f"it lacks some of {len(codes)} integers.")
    steps = np.full(len(codes), commonest, np.int64)
    for code, width in enumerate(DIFFERENCES[size]):
        if width:
            chosen = np.flatnonzero(codes == code)
            places = (ends - sizes)[chosen, None] + np.arange(width)
            steps[chosen] = data[places].view(f"<i{width}")[:, 0]
    return steps, int(ends[-1])
