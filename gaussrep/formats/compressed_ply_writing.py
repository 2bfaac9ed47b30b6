"""Writing PlayCanvas's compressed PLY; `compressed_ply` describes the layout."""

from collections.abc import Callable
from typing import BinaryIO

import numpy as np
import torch
from torch import Tensor

from gaussrep import sh
from gaussrep.formats.checked_files import sh_coefficients
from gaussrep.formats.compressed_ply import (
    BYTES,
    CHUNK,
    COLOR,
    PACKED,
    POSITION,
    SCALE,
    SH_RANGE,
    THREE,
    VECTOR,
)
from gaussrep.formats.format import divide_rows
from gaussrep.formats.ply_variants import ANTIALIASED_COMMENT
from gaussrep.formats.smallest_three import drop_largest
from gaussrep.formats.storage import take_rows
from gaussrep.gaussians import Gaussians
from gaussrep.morton import morton_order

LARGEST_LOG_SCALE = 20.0
"""Logarithms of scales are clamped to this size, as in PlayCanvas's code, so that one flat Gaussian
does not coarsen the others of its chunk."""
STEPS = (2 ** THREE[0][1] - 1) / 2
"""Steps of a component of a quaternion from 0 to √½."""
ENDS = 2 * len((*POSITION, *SCALE, *COLOR))
"""Numbers of a chunk."""
ROWS = 32 * CHUNK
"""Gaussians that are encoded at a time, whole chunks; a design choice."""
MORTON_BITS = 10
"""Bits of each coordinate by which Gaussians are sorted."""


def write_compressed(file: BinaryIO, scene: Gaussians) -> None:
    """Write packed Gaussians, sorted so that those of a chunk are near each other.

    Args:
        file: The file, opened for writing.
        scene: One scene, float32, on the CPU, with colors or SH of degree 0 to 3.
    """
    order = morton_order(scene.count, _cells(scene.means))
    chunks = -(-scene.count // CHUNK)
    rest = 3 * sh_coefficients(take_rows(scene, slice(0, 0))).shape[1] - 3
    header = _header(scene, chunks, rest)
    places = np.cumsum([len(header), 4 * ENDS * chunks, 4 * len(PACKED) * scene.count]).tolist()
    file.write(header)
    for part in divide_rows(scene.count, ROWS):
        rows = torch.from_numpy(order[part])
        few = scene.replace(**{name: tensor[rows] for name, tensor in scene.tensors()})
        for number, table in enumerate(_encode(few)):
            file.seek(places[number])
            file.write(np.ascontiguousarray(table).data)
            places[number] += table.nbytes


def _encode(scene: Gaussians) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Encode whole chunks; return bounds, packed words, and bytes of higher SH."""
    harmonics = sh_coefficients(scene).numpy()
    logs = np.log(scene.scales.numpy().astype(np.float64))
    values = {
        POSITION: scene.means.numpy().astype(np.float64),
        SCALE: logs.clip(-LARGEST_LOG_SCALE, LARGEST_LOG_SCALE),
        COLOR: harmonics[:, 0].astype(np.float64) * sh.C0 + 0.5,
    }
    bounds = {names: _bounds(table) for names, table in values.items()}
    fractions = {names: _fractions(values[names], bounds[names]) for names in values}
    opacities = scene.opacities.numpy()[:, None]
    words = [
        _pack_bits(fractions[POSITION], VECTOR),
        _quats(scene.quats.numpy().astype(np.float64)),
        _pack_bits(fractions[SCALE], VECTOR),
        _pack_bits(np.concatenate([fractions[COLOR], opacities], axis=1), BYTES),
    ]
    ends = np.concatenate([end for pair in bounds.values() for end in pair], axis=1)
    return ends.astype("<f4"), np.stack(words, axis=1).astype("<u4"), _rest(harmonics[:, 1:])


def _header(scene: Gaussians, chunks: int, rest: int) -> bytes:
    count = scene.count
    ends = [f"{end}_{name}" for names in (POSITION, SCALE, COLOR) for end in ("min", "max")
            for name in names]  # fmt: skip
    lines = ["ply", "format binary_little_endian 1.0"]
    lines += [f"comment {ANTIALIASED_COMMENT}"] if scene.antialiased else []
    lines += [f"element chunk {chunks}"]
    lines += [*(f"property float {name}" for name in ends), f"element vertex {count}"]
    lines += [f"property uint {name}" for name in PACKED]
    if rest:
        lines += [f"element sh {count}", *(f"property uchar f_rest_{n}" for n in range(rest))]
    return "\n".join([*lines, "end_header", ""]).encode("ascii")


def _cells(means: Tensor) -> Callable[[slice], np.ndarray]:
    """Return what computes the cells of some Gaussians on a grid of 2¹⁰ to a side."""
    centers = means.numpy()
    low, high = centers.min(0, initial=np.inf), centers.max(0, initial=-np.inf)
    size = (high - low).max(initial=0) or 1

    def cells(part: slice) -> np.ndarray:
        return ((centers[part] - low) / size * (2**MORTON_BITS - 1)).astype(np.uint32)

    return cells


def _bounds(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bounds of every chunk in float32, [C, 3] each."""
    starts = np.arange(0, len(table), CHUNK)
    low, high = (ends.reduceat(table, starts) for ends in (np.minimum, np.maximum))
    return low.astype(np.float32), high.astype(np.float32)


def _fractions(table: np.ndarray, bounds: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    low, high = (np.repeat(end.astype(np.float64), CHUNK, axis=0)[: len(table)] for end in bounds)
    size = high - low
    return (table - low) / np.where(size > 0, size, 1)


def _pack_bits(fractions: np.ndarray, places: tuple[tuple[int, int], ...]) -> np.ndarray:
    words = np.zeros(len(fractions), np.uint32)
    for column, (first, bits) in zip(fractions.T, places, strict=True):
        steps = np.rint(column.clip(0, 1) * (2**bits - 1)).astype(np.uint32)
        words |= steps << np.uint32(first)
    return words


def _quats(quats: np.ndarray) -> np.ndarray:
    unit = quats / np.linalg.norm(quats, axis=1, keepdims=True)
    three, largest = drop_largest(unit.T, STEPS, 0.5)
    return _pack_bits((three.T + STEPS) / (2 * STEPS), THREE) | largest.astype(np.uint32) << 30


def _rest(higher: np.ndarray) -> np.ndarray:
    """Encode higher SH of each channel in turn, [N, 3 * (K - 1)], to the nearest center."""
    steps = np.floor((higher / SH_RANGE + 0.5) * 256).clip(0, 255).astype(np.uint8)
    return steps.transpose(0, 2, 1).reshape(len(higher), -1)
