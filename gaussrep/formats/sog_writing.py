"""Encoding of Gaussians as SOG, version 2; `sog` describes the layout."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gaussrep import __version__
from gaussrep.formats.checked_files import sh_coefficients
from gaussrep.formats.codebooks import (
    Vectors,
    choose_numbers,
    nearest_numbers,
    quantize_numbers,
    quantize_vectors,
)
from gaussrep.formats.format import divide_rows
from gaussrep.formats.smallest_three import drop_largest
from gaussrep.formats.sog_files import META, pack_image
from gaussrep.formats.sog_meta import COLUMNS, ENTRIES, SMALLEST_TAG
from gaussrep.gaussians import Gaussians
from gaussrep.kernels.thread_count import torch_on_all_threads
from gaussrep.morton import morton_order

LARGEST_STEP = 2**16 - 1
"""Steps of a coordinate."""
LARGEST_PALETTE = 2**16
"""Entries of the largest palette; those of small scenes have a power of two, as in PlayCanvas's
code."""
ROWS = 2**13
"""Gaussians that are encoded at a time; a design choice."""
HALF = 127.5
"""Steps of a component of a quaternion from 0 to √½."""
LOG_DIGITS, NUMBER_DIGITS = 9, 9
"""Decimals of logarithms, and significant digits of other numbers: both restore any float32."""


def encode_scene(scene: Gaussians) -> dict[str, bytes]:
    """Encode a scene.

    Args:
        scene: One scene, float32, on the CPU, with colors or SH of degree 0 to 3.

    Returns:
        Contents of the files by name, `meta.json` first.
    """
    steps, mins, maxs = _means(scene.means.numpy())
    order = morton_order(scene.count, steps.__getitem__).astype(np.int32)
    images = {
        "means_l": _pack(order, 3, lambda few: steps[few] & 255),
        "means_u": _pack(order, 3, lambda few: steps[few] >> 8),
    }
    del steps
    images["scales"], scales = _pack_scales(scene.scales, order)
    images["quats"] = _pack(order, 4, lambda few: _quats(_take(scene.quats, few)))
    harmonics = sh_coefficients(scene)
    images["sh0"], colors = _pack_colors(harmonics[:, 0], scene.opacities, order)
    meta: dict[str, Any] = {
        "version": 2,
        "asset": {"generator": f"gaussrep {__version__}"},
        "count": scene.count,
        "means": {"mins": mins, "maxs": maxs, "files": ["means_l.webp", "means_u.webp"]},
        "scales": {"codebook": scales, "files": ["scales.webp"]},
        "quats": {"files": ["quats.webp"]},
        "sh0": {"codebook": colors, "files": ["sh0.webp"]},
    }
    if scene.antialiased:
        meta["antialias"] = True
    if harmonics.shape[1] > 1:
        meta["shN"] = _add_harmonics(harmonics.numpy(), order, images)
    files = {META: json.dumps(meta, separators=(",", ":")).encode()}
    return files | {f"{name}.webp": content for name, content in images.items()}


def _pack_scales(scales: Tensor, order: np.ndarray) -> tuple[bytes, list[float]]:
    """Pack the image of scales; return it with its codebook of logarithms."""
    entries = choose_numbers(_logarithms(np.sort(scales.numpy(), axis=None)), ENTRIES)
    image = _pack(order, 3, lambda few: nearest_numbers(_logarithms(_take(scales, few)), entries))
    return image, _log_codebook(entries)


def _pack_colors(colors: Tensor, opacities: Tensor, order: np.ndarray) -> tuple[bytes, list[float]]:
    """Pack the image of SH of degree 0 and opacities; return it with the codebook of SH."""
    entries = choose_numbers(np.sort(colors.numpy(), axis=None), ENTRIES)

    def rows(few: np.ndarray) -> np.ndarray:
        alphas = np.rint(_take(opacities, few).clip(0, 1) * 255).astype(np.uint8)
        labels = nearest_numbers(_take(colors, few), entries)
        return np.concatenate([labels, alphas[:, None]], axis=1)

    return _pack(order, 4, rows), _codebook(entries)


def _pack(order: np.ndarray, channels: int, rows_of: Callable[[np.ndarray], np.ndarray]) -> bytes:
    """Pack an image whose pixels are computed few at a time, by the rows of the scene."""
    rows = np.empty((len(order), channels), np.uint8)
    for part in divide_rows(len(rows), ROWS):
        rows[part] = rows_of(order[part])
    return pack_image(_image(rows))


def _take(rows: Tensor, few: np.ndarray) -> np.ndarray:
    return rows.index_select(0, torch.from_numpy(few)).numpy()


def _means(means: np.ndarray) -> tuple[np.ndarray, list[float], list[float]]:
    """Compute steps of the logarithmic scale, and its bounds."""
    parts = divide_rows(len(means), ROWS)
    mins = np.min([_log_centers(means[part]).min(0) for part in parts], axis=0)
    maxs = np.max([_log_centers(means[part]).max(0) for part in parts], axis=0)
    size = np.where(maxs > mins, maxs - mins, 1)
    steps = np.empty(means.shape, np.uint16)
    for part in parts:
        steps[part] = np.rint((_log_centers(means[part]) - mins) / size * LARGEST_STEP)
    return steps, mins.tolist(), maxs.tolist()


def _log_centers(means: np.ndarray) -> np.ndarray:
    wide = means.astype(np.float64)
    return np.sign(wide) * np.log1p(np.abs(wide))


def _logarithms(scales: np.ndarray) -> np.ndarray:
    """Compute logarithms in float64, few at a time."""
    logs = np.empty(scales.shape)
    for part in divide_rows(len(scales), ROWS):
        np.log(scales[part].astype(np.float64), out=logs[part])
    return logs


def _quats(quats: np.ndarray) -> np.ndarray:
    wide = quats.T.astype(np.float64)
    three, largest = drop_largest(wide / np.linalg.norm(wide, axis=0), HALF, 0.5)
    rows = np.empty(quats.shape, np.uint8)
    rows[:, :3], rows[:, 3] = (three + HALF).T, largest + SMALLEST_TAG
    return rows


def _image(rows: np.ndarray) -> np.ndarray:
    """Lay out rows as the pixels of an image that is nearly square."""
    width = 4 * -(-round(np.ceil(np.sqrt(len(rows)))) // 4)
    height = -(-len(rows) // width)
    pixels = np.zeros((height * width, rows.shape[1]), np.uint8)
    pixels[: len(rows)] = rows
    return pixels.reshape(height, width, -1)


def _add_harmonics(
    harmonics: np.ndarray, order: np.ndarray, images: dict[str, bytes]
) -> dict[str, Any]:
    """Add the images of higher SH, and describe them."""
    count, bases = len(harmonics), harmonics.shape[1] - 1
    rows = torch.from_numpy(harmonics.reshape(count, -1))
    vectors = Vectors(rows, torch.from_numpy(order), first=3)
    with torch_on_all_threads():
        palette = quantize_vectors(vectors, _palette_size(count))
    codes, entries = quantize_numbers(palette.entries, ENTRIES), len(palette.entries)
    labels = palette.labels
    del palette
    images["shN_centroids"] = pack_image(_centroids(codes.labels.reshape(entries, bases, 3)))
    images["shN_labels"] = pack_image(_image(_two_bytes(labels)))
    return {
        "count": entries,
        "bands": round(np.sqrt(bases + 1)) - 1,
        "codebook": _codebook(codes.entries),
        "files": ["shN_centroids.webp", "shN_labels.webp"],
    }


def _centroids(entries: np.ndarray) -> np.ndarray:
    """Lay out the entries of a palette as pixels."""
    count, bases, _ = entries.shape
    height = -(-count // COLUMNS)
    pixels = np.zeros((height * COLUMNS, bases, 3), np.uint8)
    pixels[:count] = entries
    return pixels.reshape(height, COLUMNS * bases, 3)


def _two_bytes(labels: np.ndarray) -> np.ndarray:
    rows = np.zeros((len(labels), 3), np.uint8)
    rows[:, 0], rows[:, 1] = labels & 255, labels >> 8
    return rows


def _palette_size(count: int) -> int:
    return min(1 << count.bit_length() - 1, LARGEST_PALETTE)


def _log_codebook(entries: np.ndarray) -> list[float]:
    return _padded([round(entry, LOG_DIGITS) for entry in entries.tolist()])


def _codebook(entries: np.ndarray) -> list[float]:
    return _padded([float(f"{entry:.{NUMBER_DIGITS}g}") for entry in entries.tolist()])


def _padded(entries: list[float]) -> list[float]:
    return entries + entries[-1:] * (ENTRIES - len(entries))
