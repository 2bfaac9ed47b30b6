"""Encoding of Gaussians as SOG, version 2; `sog` describes the layout."""

import json
from typing import Any

import numpy as np

from gaussrep import __version__
from gaussrep.formats.checked_files import sh_coefficients
from gaussrep.formats.codebooks import Codes, quantize_numbers, quantize_vectors
from gaussrep.formats.smallest_three import drop_largest
from gaussrep.formats.sog_files import META, pack_image
from gaussrep.formats.sog_meta import COLUMNS, ENTRIES, SMALLEST_TAG
from gaussrep.gaussians import Gaussians
from gaussrep.morton import morton_order

LARGEST_STEP = 2**16 - 1
"""Steps of a coordinate."""
LARGEST_PALETTE = 2**16
"""Entries of the largest palette; those of small scenes have a power of two, as in PlayCanvas's
code."""
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
    steps, mins, maxs = _means(scene.means.numpy().astype(np.float64))
    order = morton_order(len(steps), steps.__getitem__)
    logs = quantize_numbers(np.log(scene.scales.numpy()[order].astype(np.float64)), ENTRIES)
    harmonics = sh_coefficients(scene).numpy()[order]
    colors = quantize_numbers(harmonics[:, 0], ENTRIES)
    opacities = np.rint(scene.opacities.numpy()[order].clip(0, 1) * 255)
    images = {
        "means_l": _image(steps[order] & 255),
        "means_u": _image(steps[order] >> 8),
        "scales": _image(logs.labels),
        "quats": _image(_quats(scene.quats.numpy()[order].astype(np.float64))),
        "sh0": _image(np.concatenate([colors.labels, opacities[:, None]], axis=1)),
    }
    meta: dict[str, Any] = {
        "version": 2,
        "asset": {"generator": f"gaussrep {__version__}"},
        "count": scene.count,
        "means": {"mins": mins, "maxs": maxs, "files": ["means_l.webp", "means_u.webp"]},
        "scales": {"codebook": _logarithms(logs), "files": ["scales.webp"]},
        "quats": {"files": ["quats.webp"]},
        "sh0": {"codebook": _numbers(colors), "files": ["sh0.webp"]},
    }
    if scene.antialiased:
        meta["antialias"] = True
    if harmonics.shape[1] > 1:
        meta["shN"] = _add_harmonics(harmonics[:, 1:], images)
    files = {META: json.dumps(meta, separators=(",", ":")).encode()}
    return files | {f"{name}.webp": pack_image(pixels) for name, pixels in images.items()}


def _means(means: np.ndarray) -> tuple[np.ndarray, list[float], list[float]]:
    """Compute steps of the logarithmic scale, and its bounds."""
    logs = np.sign(means) * np.log1p(np.abs(means))
    mins, maxs = logs.min(0), logs.max(0)
    size = np.where(maxs > mins, maxs - mins, 1)
    steps = np.rint((logs - mins) / size * LARGEST_STEP).astype(np.uint16)
    return steps, mins.tolist(), maxs.tolist()


def _quats(quats: np.ndarray) -> np.ndarray:
    unit = quats / np.linalg.norm(quats, axis=1, keepdims=True)
    three, largest = drop_largest(unit, HALF, 0.5)
    return np.concatenate([three + HALF, largest[:, None] + SMALLEST_TAG], axis=1)


def _image(rows: np.ndarray) -> np.ndarray:
    """Lay out rows as the pixels of an image that is nearly square."""
    width = 4 * -(-round(np.ceil(np.sqrt(len(rows)))) // 4)
    height = -(-len(rows) // width)
    pixels = np.zeros((height * width, rows.shape[1]), np.uint8)
    pixels[: len(rows)] = rows
    return pixels.reshape(height, width, -1)


def _add_harmonics(higher: np.ndarray, images: dict[str, np.ndarray]) -> dict[str, Any]:
    """Add the images of higher SH, and describe them."""
    count, bases = higher.shape[:2]
    palette = quantize_vectors(higher.reshape(count, -1), _palette_size(count))
    codes = quantize_numbers(palette.entries, ENTRIES)
    rows = -(-len(palette.entries) // COLUMNS)
    pixels = np.zeros((rows * COLUMNS, bases, 3), np.uint8)
    pixels[: len(palette.entries)] = codes.labels.reshape(-1, bases, 3)
    images["shN_centroids"] = pixels.reshape(rows, COLUMNS * bases, 3)
    labels = palette.labels.astype(np.uint16)
    images["shN_labels"] = _image(np.stack([labels & 255, labels >> 8, 0 * labels], axis=1))
    return {
        "count": len(palette.entries),
        "bands": round(np.sqrt(bases + 1)) - 1,
        "codebook": _numbers(codes),
        "files": ["shN_centroids.webp", "shN_labels.webp"],
    }


def _palette_size(count: int) -> int:
    return min(1 << count.bit_length() - 1, LARGEST_PALETTE)


def _logarithms(codes: Codes) -> list[float]:
    return _padded([round(entry, LOG_DIGITS) for entry in codes.entries.tolist()])


def _numbers(codes: Codes) -> list[float]:
    return _padded([float(f"{entry:.{NUMBER_DIGITS}g}") for entry in codes.entries.tolist()])


def _padded(entries: list[float]) -> list[float]:
    return entries + entries[-1:] * (ENTRIES - len(entries))
