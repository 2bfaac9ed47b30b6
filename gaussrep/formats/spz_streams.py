"""Streams of SPZ files: bytes of centers, opacities, colors, scales, quaternions and SH."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import numpy as np
from torch import Tensor

from gaussrep.errors import FormatError
from gaussrep.formats.axes import Signs, quat_parities, sh_parities
from gaussrep.formats.checked_files import sh_coefficients
from gaussrep.formats.format import divide_rows
from gaussrep.formats.smallest_three import drop_largest, largest_component, restore_largest
from gaussrep.formats.spz_container import SpzHeader
from gaussrep.formats.spz_unpacking import StreamReader
from gaussrep.formats.storage import allocate
from gaussrep.gaussians import Gaussians

FRACTIONAL_BITS = 12
"""Centers are in steps of 1/4096, as in Niantic's code; scenes beyond 2048 get coarser ones."""
LARGEST_FIXED = 2**23 - 1
LOG_SCALE_MIN, LOG_SCALE_STEPS = -10.0, 16
"""Logarithms of scales, from -10 in steps of 1/16."""
COLOR_SCALE = 0.15
"""Scale of SH of degree 0, which is stored around 1/2."""
SH_ZERO = 128
ROWS = 2**13
"""Gaussians that are encoded or decoded at a time, which the caches of a core hold; a design
choice."""
SH_STEPS = (3, 4)
"""Bits of the steps of SH in 1/128, of degree 1 and above: Niantic keeps 5 and 4 bits of a byte,
which pack well."""


BYTES = np.arange(256)
OPACITIES, COLORS, SCALES = (
    numbers.astype(np.float32)
    for numbers in (
        BYTES / 255,
        (BYTES / 255 - 0.5) / COLOR_SCALE,
        np.exp(BYTES / LOG_SCALE_STEPS + LOG_SCALE_MIN),
    )
)
"""What the bytes mean."""


def decode_streams(
    header: SpzHeader, streams: Iterable[StreamReader], count: int, signs: Signs
) -> dict[str, Tensor]:
    """Decode the next Gaussians of a file.

    Args:
        header: Header of the file.
        streams: Its six streams, each read before the next one is taken.
        count: Number of Gaussians.
        signs: Signs of x, y and z in the file's axes.

    Returns:
        The fields of `Gaussians`, in gaussrep's axes.

    Raises:
        FormatError: If the file is truncated or damaged.
    """
    fields, decoder = dict[str, Tensor](), _Decoder(header, signs)
    for number, (size, stream) in enumerate(zip(header.sizes, streams, strict=True)):
        name, shape = FIELDS[number]
        if name not in fields:
            shape = ((header.degree + 1) ** 2, 3) if name == "sh" else shape
            fields[name] = allocate((count, *shape))
        for few in divide_rows(count, ROWS):
            content = stream.read(size * (few.stop - few.start))
            stored = np.frombuffer(content, np.uint8).reshape(few.stop - few.start, size)
            decoder.decode(number, stored, fields[name][few].numpy())
    return fields


FIELDS: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("means", (3,)), ("opacities", ()), ("sh", ()), ("scales", (3,)), ("quats", (4,)), ("sh", ()),
)  # fmt: skip
"""The field that each stream fills, and the shape of its rows, which for SH is the degree's."""


class _Decoder:
    """Decoding of few rows of a stream; the conversion of axes costs nothing beside it.

    Args:
        header: Header of the file.
        signs: Signs of x, y and z in the file's axes.
    """

    def __init__(self, header: SpzHeader, signs: Signs) -> None:
        self._version: Literal[1, 2, 3, 4] = header.version
        steps = 1 if header.version == 1 else 2**header.fractional_bits
        self._center_steps = np.array(signs, np.float32) / np.float32(steps)
        self._parities = quat_parities(signs)
        parities = np.array(sh_parities(header.degree, signs)[1:], np.float32)
        self._sh_steps = np.repeat(parities, 3) / np.float32(SH_ZERO)

    def decode(self, number: int, stored: np.ndarray, place: np.ndarray) -> None:
        """Decode rows of the stream of a number into their place."""
        if number == 0:
            np.multiply(_centers(stored, self._version), self._center_steps, out=place)
        elif number == 1:
            OPACITIES.take(stored[:, 0], out=place, mode="clip")
        elif number == 2:
            place[:, 0] = COLORS.take(stored)
        elif number == 3:
            SCALES.take(stored, out=place, mode="clip")
        elif number == 4:
            columns = zip(decode_quats(stored, self._version).T, self._parities, strict=True)
            for column, (values, parity) in enumerate(columns):
                np.multiply(values, parity, out=place[:, column], casting="same_kind")
        else:
            higher = place.reshape(len(place), -1)[:, 3:]
            np.subtract(stored, np.float32(SH_ZERO), out=higher)
            higher *= self._sh_steps


def encode_rows(part: Gaussians, version: Literal[2, 3, 4], signs: Signs) -> Iterator[np.ndarray]:
    """Encode a chunk of Gaussians without centers, whose precision depends on the whole scene.

    Args:
        part: Gaussians in gaussrep's axes, float32, on the CPU.
        version: 2 to 4.
        signs: Signs of x, y and z in the file's axes.

    Yields:
        Bytes of opacities, colors, scales, quaternions and SH, [N, size] each.

    Raises:
        FormatError: If one is too large.
    """
    sh = sh_coefficients(part).numpy()
    yield _to_bytes(part.opacities.numpy() * 255)
    yield _to_bytes((sh[:, 0] * COLOR_SCALE + 0.5) * 255)
    yield _log_scales(part.scales.numpy())
    yield encode_quats(part.quats.double().numpy() * quat_parities(signs), version)
    yield _sh_bytes(sh[:, 1:], sh_parities(part.sh_degree or 0, signs)[1:])


def encode_centers(means: np.ndarray, bits: int) -> np.ndarray:
    """Encode the centers of a chunk.

    Args:
        means: Centers in the file's axes, [N, 3].
        bits: Number of fractional bits.

    Returns:
        Bytes, [N, 3, 3].
    """
    return _to_fixed(means.astype(np.float64) * 2**bits)


def _centers(stored: np.ndarray, version: Literal[1, 2, 3, 4]) -> np.ndarray:
    """Read half floats of version 1, and signed numbers of three bytes of the others, [N, 3]."""
    if version == 1:
        return stored.view("<f2").astype(np.float32)
    low, middle, high = (
        stored[:, byte::3].astype(kind) for byte, kind in enumerate((np.int32, np.int32, np.int8))
    )
    return (low | middle << 8 | high.astype(np.int32) << 16).astype(np.float32)


def _to_fixed(values: np.ndarray) -> np.ndarray:
    return np.rint(values).astype("<i4")[..., None].view(np.uint8)[..., :3]


def fractional_bits(farthest: float) -> int:
    """Choose the number of fractional bits of centers.

    Args:
        farthest: Largest coordinate in size.

    Returns:
        The bits, at most `FRACTIONAL_BITS`.

    Raises:
        FormatError: If no number of bits holds the coordinate.
    """
    for bits in range(FRACTIONAL_BITS, -1, -1):
        if np.rint(farthest * 2**bits) <= LARGEST_FIXED:
            return bits
    raise FormatError(
        f"an SPZ file holds centers up to {LARGEST_FIXED} units away, the farthest here is at "
        f"{farthest:.4g}; normalize the scene with a Cuboid."
    )


def _log_scales(scales: np.ndarray) -> np.ndarray:
    steps = np.rint((np.log(scales) - LOG_SCALE_MIN) * LOG_SCALE_STEPS)
    if steps.max() > 255:
        largest = np.exp(255 / LOG_SCALE_STEPS + LOG_SCALE_MIN)
        raise FormatError(
            f"an SPZ file holds scales up to {largest:.4g} units, the largest here is "
            f"{scales.max():.4g}; normalize the scene with a Cuboid."
        )
    return _to_bytes(steps)


def _sh_bytes(sh: np.ndarray, parities: Sequence[float]) -> np.ndarray:
    """Round to 1/128 and then to the steps, as Niantic's code does."""
    fine = sh.reshape(len(sh), -1) * np.repeat(np.array(parities, np.float32) * SH_ZERO, 3)
    np.rint(fine, out=fine)
    fine += SH_ZERO
    stored = fine.clip(0, 255, out=fine).astype(np.uint8)
    first, others = SH_STEPS
    coarse = _round_bytes(stored, others)
    coarse[:, :9] = _round_bytes(stored[:, :9], first)
    return coarse


def _round_bytes(stored: np.ndarray, bits: int) -> np.ndarray:
    """Round bytes to multiples of 2^bits, and 256 to 255."""
    steps = ((stored >> bits - 1) + 1) >> 1
    return (steps << bits) - (steps >> 8 - bits)


def _to_bytes(values: np.ndarray) -> np.ndarray:
    return np.rint(values).clip(0, 255).astype(np.uint8)


HALF = 127.5
"""Zero point and scale of quaternions in version 2."""
BITS = 9
"""Bits of the magnitude of each of the smallest three in version 3; a tenth bit is the sign."""
LARGEST_SIZE = 2**BITS - 1
SHIFTS = np.array([20, 10, 0], np.uint32)
SIZES = np.arange(LARGEST_SIZE + 1) / LARGEST_SIZE * np.sqrt(0.5)
COMPONENTS = np.concatenate([SIZES, -SIZES])
"""What the ten bits of a component mean."""
XYZW = [1, 2, 3, 0]
"""Indices that reorder wxyz to the file's xyzw; `WXYZ` reverses it."""
WXYZ = [3, 0, 1, 2]


def decode_quats(stored: np.ndarray, version: Literal[1, 2, 3, 4]) -> np.ndarray:
    """Decode quaternions.

    Args:
        stored: Bytes, [N, 3] up to version 2, [N, 4] from version 3 on.
        version: 1 and 2 keep x, y and z, and w is not negative; 3 and 4 keep the smallest three,
            and the largest is positive.

    Returns:
        Quaternions, wxyz, of length 1 up to rounding, [N, 4].
    """
    if version < 3:
        xyz = stored.T / HALF - 1
        return np.concatenate([largest_component(xyz)[None], xyz]).T
    words = np.ascontiguousarray(stored).view("<u4")[:, 0]
    three = COMPONENTS.take(words >> SHIFTS[:, None] & len(COMPONENTS) - 1)
    return restore_largest(three, words >> 30)[WXYZ].T


def encode_quats(quats: np.ndarray, version: Literal[2, 3, 4]) -> np.ndarray:
    """Encode quaternions.

    Args:
        quats: Quaternions, wxyz, of any nonzero length, [N, 4].
        version: 2 to 4.

    Returns:
        Bytes, [N, 3] or [N, 4].
    """
    unit = _normalized(np.ascontiguousarray(quats.T))
    if version == 2:
        stored = _three_bytes(unit)
        return _three_bytes(_normalized(decode_quats(stored, version).T))
    three, largest = drop_largest(unit[XYZW], float(LARGEST_SIZE))
    fields = (three < 0).astype(np.uint32) << BITS | np.abs(three).astype(np.uint32)
    first, second, third = fields << SHIFTS[:, None]
    words = first | second | third | largest.astype(np.uint32) << 30
    return words.astype("<u4")[:, None].view(np.uint8)


def _normalized(quats: np.ndarray) -> np.ndarray:
    return quats / np.linalg.norm(quats, axis=0)


def _three_bytes(unit: np.ndarray) -> np.ndarray:
    """Encode x, y and z, [N, 3]; near w = 0, rounding makes them longer than 1."""
    sign = np.where(unit[0] < 0, -1, 1)
    return np.rint((sign * unit[1:] + 1) * HALF).T.astype(np.uint8)
