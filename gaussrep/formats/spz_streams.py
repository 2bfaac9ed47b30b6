"""Streams of SPZ files: bytes of centers, opacities, colors, scales, quaternions and SH."""

from collections.abc import Iterable, Iterator
from typing import Literal

import numpy as np
from torch import Tensor

from gaussrep.errors import FormatError
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
SH_STEPS = (8, 16)
"""Steps of SH in 1/128, of degree 1 and above: Niantic's 5 and 4 bits, which pack well."""


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
COARSE = [
    (np.floor((BYTES + steps / 2) / steps) * steps).clip(0, 255).astype(np.uint8)
    for steps in SH_STEPS
]
"""The steps to which the bytes of SH are rounded, of degree 1 and above."""


def decode_streams(
    header: SpzHeader, streams: Iterable[StreamReader], count: int
) -> dict[str, Tensor]:
    """Decode the next Gaussians of a file.

    Args:
        header: Header of the file.
        streams: Its six streams, each read before the next one is taken.
        count: Number of Gaussians.

    Returns:
        The fields of `Gaussians`, in the file's axes.

    Raises:
        FormatError: If the file is truncated or damaged.
    """
    fields = dict[str, Tensor]()
    for number, (size, stream) in enumerate(zip(header.sizes, streams, strict=True)):
        name, shape = FIELDS[number]
        if name not in fields:
            shape = ((header.degree + 1) ** 2, 3) if name == "sh" else shape
            fields[name] = allocate((count, *shape))
        for few in divide_rows(count, ROWS):
            content = stream.read(size * (few.stop - few.start))
            stored = np.frombuffer(content, np.uint8).reshape(few.stop - few.start, size)
            _decode_few(header, number, stored, fields[name][few].numpy())
    return fields


FIELDS: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("means", (3,)), ("opacities", ()), ("sh", ()), ("scales", (3,)), ("quats", (4,)), ("sh", ()),
)  # fmt: skip
"""The field that each stream fills, and the shape of its rows, which for SH is the degree's."""


def _decode_few(header: SpzHeader, number: int, stored: np.ndarray, place: np.ndarray) -> None:
    """Decode few rows of a stream into their place."""
    if number == 0:
        place[:] = _centers(stored, header)
    elif number == 1:
        OPACITIES.take(stored[:, 0], out=place, mode="clip")
    elif number == 2:
        place[:, 0] = COLORS[stored]
    elif number == 3:
        SCALES.take(stored, out=place, mode="clip")
    elif number == 4:
        place[:] = decode_quats(stored, header.version)
    else:
        higher = place.reshape(len(place), -1)[:, 3:]
        np.subtract(stored, np.float32(SH_ZERO), out=higher)
        higher /= np.float32(SH_ZERO)


def encode_rows(part: Gaussians, version: Literal[2, 3, 4]) -> Iterator[np.ndarray]:
    """Encode a chunk of Gaussians without centers, whose precision depends on the whole scene.

    Args:
        part: Gaussians in the file's axes, float32, on the CPU.
        version: 2 to 4.

    Yields:
        Bytes of opacities, colors, scales, quaternions and SH, [N, size] each.

    Raises:
        FormatError: If one is too large.
    """
    sh = sh_coefficients(part).numpy()
    yield _to_bytes(part.opacities.numpy() * 255)
    yield _to_bytes((sh[:, 0] * COLOR_SCALE + 0.5) * 255)
    yield _log_scales(part.scales.numpy())
    yield encode_quats(part.quats.double().numpy(), version)
    yield _sh_bytes(sh[:, 1:])


def encode_centers(means: np.ndarray, bits: int) -> np.ndarray:
    """Encode the centers of a chunk.

    Args:
        means: Centers in the file's axes, [N, 3].
        bits: Number of fractional bits.

    Returns:
        Bytes, [N, 3, 3].
    """
    return _to_fixed(means.astype(np.float64) * 2**bits)


def _centers(stored: np.ndarray, header: SpzHeader) -> np.ndarray:
    """Decode half floats of version 1, and fixed-point numbers of the others."""
    if header.version == 1:
        return stored.view("<f2")
    return _from_fixed(stored.reshape(-1, 3, 3)) / 2**header.fractional_bits


def _from_fixed(parts: np.ndarray) -> np.ndarray:
    """Decode signed little-endian numbers of three bytes."""
    low, middle, high = (parts[..., place].astype(np.int32) for place in range(3))
    unsigned = low | middle << 8 | high << 16
    return (unsigned ^ 1 << 23) - (1 << 23)


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


def _sh_bytes(sh: np.ndarray) -> np.ndarray:
    """Round to 1/128 and then to the steps, as Niantic's code does."""
    fine = sh.reshape(len(sh), -1) * np.float32(SH_ZERO)
    np.rint(fine, out=fine)
    fine += SH_ZERO
    stored = fine.clip(0, 255, out=fine).astype(np.uint8)
    for table, columns in zip(COARSE, (slice(0, 9), slice(9, None)), strict=True):
        stored[:, columns] = table[stored[:, columns]]
    return stored


def _to_bytes(values: np.ndarray) -> np.ndarray:
    return np.rint(values).clip(0, 255).astype(np.uint8)


HALF = 127.5
"""Zero point and scale of quaternions in version 2."""
BITS = 9
"""Bits of the magnitude of each of the smallest three in version 3; a tenth bit is the sign."""
LARGEST_SIZE = 2**BITS - 1
SHIFTS = np.array([20, 10, 0], np.uint32)
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
        xyz = stored / HALF - 1
        return np.concatenate([largest_component(xyz)[:, None], xyz], axis=1)
    words = np.ascontiguousarray(stored).view("<u4")
    fields = words >> SHIFTS
    sizes = (fields & LARGEST_SIZE) / LARGEST_SIZE * np.sqrt(0.5)
    three = np.where(fields >> BITS & 1, -sizes, sizes)
    return restore_largest(three, (words[:, 0] >> 30).astype(np.intp))[:, WXYZ]


def encode_quats(quats: np.ndarray, version: Literal[2, 3, 4]) -> np.ndarray:
    """Encode quaternions.

    Args:
        quats: Quaternions, wxyz, of any nonzero length, [N, 4].
        version: 2 to 4.

    Returns:
        Bytes, [N, 3] or [N, 4].
    """
    unit = _normalized(quats)
    if version == 2:
        return _three_bytes(_normalized(decode_quats(_three_bytes(unit), version)))
    three, largest = drop_largest(unit[:, XYZW], float(LARGEST_SIZE))
    fields = (three < 0).astype(np.uint32) << BITS | np.abs(three).astype(np.uint32)
    words = (fields << SHIFTS).sum(1, dtype=np.uint32) | largest.astype(np.uint32) << 30
    return words.astype("<u4")[:, None].view(np.uint8)


def _normalized(quats: np.ndarray) -> np.ndarray:
    return quats / np.linalg.norm(quats, axis=1, keepdims=True)


def _three_bytes(unit: np.ndarray) -> np.ndarray:
    """Encode x, y and z; where w is near 0, rounding makes them longer than 1."""
    sign = np.where(unit[:, :1] < 0, -1, 1)
    return np.rint((sign * unit[:, 1:] + 1) * HALF).astype(np.uint8)
