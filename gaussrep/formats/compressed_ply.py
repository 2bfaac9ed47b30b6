"""Reading PlayCanvas's compressed PLY: chunks of 256 Gaussians, packed into 16 bytes each."""

from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO

import numpy as np

from gaussrep import sh
from gaussrep.errors import FormatError
from gaussrep.formats.checked_files import gaussians_from_arrays
from gaussrep.formats.format import Rows
from gaussrep.formats.ply_elements import PlyElement, PlyHeader, read_rows
from gaussrep.formats.ply_layout import count_bases
from gaussrep.formats.remarks import Remarks
from gaussrep.formats.smallest_three import restore_largest
from gaussrep.gaussians import Gaussians

CHUNK = 256
"""Gaussians that share the bounds of one chunk."""
ROWS = 2**13
"""Gaussians that are decoded at a time; a design choice."""
PACKED = ("packed_position", "packed_rotation", "packed_scale", "packed_color")
POSITION, SCALE, COLOR = ("x", "y", "z"), ("scale_x", "scale_y", "scale_z"), ("r", "g", "b")
VECTOR = ((21, 11), (11, 10), (0, 11))
"""First bit and number of bits of x, y and z."""
BYTES = ((24, 8), (16, 8), (8, 8), (0, 8))
THREE = ((20, 10), (10, 10), (0, 10))
"""The same for the smallest three of a quaternion, below two bits that name the largest."""
SH_RANGE = 8
"""Width of the range [-4, 4] of coefficients of degree 1 and above."""


def is_compressed(vertex: PlyElement) -> bool:
    """Return whether an element holds packed Gaussians.

    Args:
        vertex: The vertices of a PLY file.

    Returns:
        Whether it has a packed column.
    """
    return any(name in vertex.properties for name in PACKED)


def compressed_rows(
    file: BinaryIO, header: PlyHeader, marks: Mapping[str, Any], remarks: Remarks
) -> Rows:
    """Prepare to read packed Gaussians.

    Args:
        file: A PLY file, opened for reading.
        header: Its header.
        marks: Marks of the scene.
        remarks: What is odd in the file; impossible Gaussians are added.

    Returns:
        The scene, with `sh`.

    Raises:
        FormatError: If an element or a property is missing or of another type, the numbers of rows
            do not match, or the file is truncated, also while parts are read.
    """
    chunk, rest = _check_layout(header)
    bounds = _finite_logarithms(read_rows(file, header, chunk))

    def decode(start: int) -> Gaussians:
        part = slice(start, min(start + ROWS, header.vertex.count))
        rows = read_rows(file, header, header.vertex, part)
        bytes_of_sh = None if rest is None else read_rows(file, header, rest, part)
        few = bounds[np.arange(part.start, part.stop) // CHUNK]
        return _decode(rows, few, bytes_of_sh, remarks).replace(**marks)

    like = decode(header.vertex.count)
    return Rows(header.vertex.count, like, map(decode, range(0, header.vertex.count, ROWS)))


def _decode(
    rows: np.ndarray, bounds: np.ndarray, rest: np.ndarray | None, remarks: Remarks
) -> Gaussians:
    color = _unpack_bits(rows["packed_color"], BYTES)
    rgb = color[:, :3]
    with np.errstate(over="ignore", invalid="ignore"):
        if "min_r" in (bounds.dtype.names or ()):
            rgb = _interpolate(bounds, COLOR, rgb)
        dc = ((rgb - 0.5) / sh.C0).astype(np.float32)
        return gaussians_from_arrays(
            remarks,
            means=_interpolate(bounds, POSITION, _unpack_bits(rows["packed_position"], VECTOR)),
            quats=_quats(rows["packed_rotation"]),
            scales=np.exp(_interpolate(bounds, SCALE, _unpack_bits(rows["packed_scale"], VECTOR))),
            opacities=color[:, 3],
            sh=dc[:, None] if rest is None else np.concatenate([dc[:, None], _rest(rest)], axis=1),
        )


def _finite_logarithms(chunks: np.ndarray) -> np.ndarray:
    """Raise infinite lower bounds of log-scales, of flat Gaussians, so that they interpolate."""
    for name in SCALE:
        column = chunks[f"min_{name}"]
        np.maximum(column, np.finfo(np.float32).min, out=column)
    return chunks


def _check_layout(header: PlyHeader) -> tuple[PlyElement, PlyElement | None]:
    elements = {element.name: element for element in (*header.before, *header.after)}
    chunk, rest = elements.get("chunk"), elements.get("sh")
    if header.encoding == "ascii" or chunk is None:
        raise FormatError("a compressed PLY file is binary and has an element 'chunk'.")
    names = [*POSITION, *SCALE, *(COLOR if "min_r" in chunk.properties else ())]
    _check_columns(header.vertex, PACKED, "u4")
    _check_columns(chunk, [f"{end}_{name}" for name in names for end in ("min", "max")], "f4")
    if chunk.count != -(-header.vertex.count // CHUNK):
        raise FormatError(
            f"{header.vertex.count} packed Gaussians need {-(-header.vertex.count // CHUNK)} "
            f"chunks of {CHUNK}, the file has {chunk.count}."
        )
    if rest is not None:
        _check_columns(rest, rest.properties, "u1")
        count_bases(rest)
        if rest.count != header.vertex.count:
            raise FormatError(
                f"{rest.count} rows of sh do not fit {header.vertex.count} Gaussians."
            )
    return chunk, rest


def _check_columns(element: PlyElement, names: Iterable[str], code: str) -> None:
    wrong = [name for name in names if element.properties.get(name) != code]
    if wrong:
        raise FormatError(
            f"element {element.name} of a compressed PLY file lacks {', '.join(wrong)}, or they "
            f"are not of type {code}."
        )


def _unpack_bits(words: np.ndarray, places: tuple[tuple[int, int], ...]) -> np.ndarray:
    """Unpack bit fields of words to numbers in [0, 1]."""
    parts = [(words >> first & 2**bits - 1) / (2**bits - 1) for first, bits in places]
    return np.stack(parts, axis=-1)


def _interpolate(bounds: np.ndarray, names: tuple[str, ...], fractions: np.ndarray) -> np.ndarray:
    low = np.stack([bounds[f"min_{name}"] for name in names], axis=-1)
    high = np.stack([bounds[f"max_{name}"] for name in names], axis=-1)
    return low * (1 - fractions) + high * fractions


def _quats(words: np.ndarray) -> np.ndarray:
    three = (_unpack_bits(words, THREE) - 0.5) * np.sqrt(2)
    return restore_largest(three.T, words >> 30).T


COEFFICIENTS = (np.concatenate([[0], (np.arange(1, 255) + 0.5) / 256, [1]]) - 0.5) * SH_RANGE
"""What the bytes of higher SH mean: 0 and 255 are the ends of the range, others the centers of its
256 steps."""


def _rest(table: np.ndarray) -> np.ndarray:
    """Decode higher SH, float32 [N, K - 1, 3]."""
    names = list(table.dtype.names or ())
    places = [names.index(f"f_rest_{place}") for place in range(len(names))]
    columns = table.view((np.uint8, len(names)))[:, places]
    by_channel = columns.reshape(len(table), 3, len(names) // 3)
    return COEFFICIENTS.astype(np.float32)[by_channel.swapaxes(1, 2)]
