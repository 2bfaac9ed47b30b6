"""Gaussians in PlayCanvas's images, SOG: `.sog` and `meta.json`."""

from pathlib import Path

import numpy as np

from gaussrep.errors import FormatError
from gaussrep.formats.checked_files import (
    gaussians_from_arrays,
    open_for_reading,
    validate_for_export,
)
from gaussrep.formats.config import SogConfig
from gaussrep.formats.format import Format
from gaussrep.formats.remarks import Remarks
from gaussrep.formats.smallest_three import restore_largest
from gaussrep.formats.sog_files import SogFiles, open_files, write_files
from gaussrep.formats.sog_meta import COLUMNS, SMALLEST_TAG, Meta, OldMeta, parse_meta
from gaussrep.formats.sog_writing import encode_scene
from gaussrep.gaussians import Gaussians

WIDTHS = {COLUMNS * 3: 3, COLUMNS * 8: 8, COLUMNS * 15: 15}
"""SH basis functions above degree 0, by the width of that image; some programs of version 1 write
512 for 8."""
ANTIALIASED = "antialiased"
"""Model of scenes that were fitted with antialiasing."""


class Sog(Format):
    """Lossless WebP images of bytes, with codebooks: about 8 to 20 bytes per Gaussian.

    A `.sog` is a zip file of them; a `meta.json` has them beside it. Versions 1 and 2 are read,
    version 2 is written: 16 bits per coordinate on a logarithmic scale, three bytes of a
    quaternion, codebooks of 256 scales, colors and coefficients, a palette of up to 65,536 sets of
    higher SH. Numbers are rounded and codebooks kept where they fit, so that writing what was read
    changes nothing. Gaussians are sorted by place.
    https://developer.playcanvas.com/user-manual/gaussian-splatting/formats/sog

    Axes are not converted: the specification has y up, the files that splat-transform writes have
    the axes of their PLY file, right, down, forward.

    Args:
        config: The settings.
    """

    def __init__(self, config: SogConfig | None = None) -> None:
        self.config = config or SogConfig()

    def read(self, path: Path) -> Gaussians:
        """Read one scene.

        Args:
            path: The zip file, or a `meta.json` with its images beside it.

        Returns:
            One scene with `sh`, float32, on the CPU.

        Raises:
            FormatError: If a file is missing or damaged, of another version, would decompress to
                implausibly many bytes, or holds impossible Gaussians.
        """
        remarks = Remarks(self.config.strict)
        with open_for_reading(path, remarks) as file:
            text, files = open_files(path, file)
            meta = parse_meta(text)
            return decode_scene(meta, files, remarks)

    def write(self, gaussians: Gaussians, path: Path) -> None:
        """Write one scene, a zip file whole or not at all.

        Args:
            gaussians: One scene, without batch axes.
            path: The zip file, or a `meta.json`, which is written after the images beside it.

        Raises:
            FormatError: If there are batch axes, features, SH of degree 4 or no Gaussians, or a
                file cannot be written.
            ValueRangeError: If a value is not finite in float32, a scale not positive, or a
                quaternion zero.
        """
        scene = validate_for_export(gaussians, path, "a SOG file", antialiased_mark="known")
        if scene.count == 0:
            raise FormatError(f"{path}: a SOG file holds at least one Gaussian, got none.")
        write_files(path, encode_scene(scene))


def decode_scene(meta: Meta | OldMeta, files: SogFiles, remarks: Remarks) -> Gaussians:
    """Decode the images of a scene.

    Args:
        meta: Content of its `meta.json`.
        files: Reader of its images.
        remarks: What is odd in the file; impossible Gaussians are added.

    Returns:
        One scene with `sh`.

    Raises:
        FormatError: If an image is missing, damaged or too small, or impossible Gaussians are not
            left out.
    """
    if isinstance(meta, Meta) and meta.model not in ("default", ANTIALIASED):
        remarks.add(f"its model {meta.model[:40]!r} is not applied; the renderers draw it as usual")
    low, high = (_rows(files, name, meta.count) for name in meta.means.files)
    scales, quats, colors = (
        _rows(files, part.files[0], meta.count) for part in (meta.scales, meta.quats, meta.sh0)
    )
    rest = _harmonics(meta, files)
    with np.errstate(over="ignore", invalid="ignore"):
        logs, dc, opacities = _numbers(meta, scales, colors)
        return gaussians_from_arrays(
            remarks,
            means=_means(meta, low, high),
            quats=_quats(quats),
            scales=np.exp(logs),
            opacities=opacities,
            sh=np.concatenate([dc[:, None], rest], axis=1),
        ).replace(antialiased=_is_antialiased(meta))


def _is_antialiased(meta: Meta | OldMeta) -> bool:
    return isinstance(meta, Meta) and (meta.antialias or meta.model == ANTIALIASED)


def _rows(files: SogFiles, name: str, count: int) -> np.ndarray:
    """Read the first pixels of an image, [N, 4]."""
    pixels = files.pixels(name).reshape(-1, 4)
    if len(pixels) < count:
        raise FormatError(
            f"its image {name[:80]!r} has {len(pixels)} pixels, {count} Gaussians need more."
        )
    return pixels[:count]


def _means(meta: Meta | OldMeta, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    steps = low[:, :3] | high[:, :3].astype(np.uint16) << 8
    mins, maxs = np.array(meta.means.mins), np.array(meta.means.maxs)
    logs = mins + (maxs - mins) * (steps / 65535)
    return np.sign(logs) * np.expm1(np.abs(logs))


def _quats(stored: np.ndarray) -> np.ndarray:
    """Decode quaternions; those of no valid index become 0."""
    largest = stored[:, 3].astype(np.intp) - SMALLEST_TAG
    three = (stored[:, :3] / 127.5 - 1) * np.sqrt(0.5)
    return restore_largest(three, largest.clip(0)) * (largest >= 0)[:, None]


def _numbers(
    meta: Meta | OldMeta, scales: np.ndarray, colors: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Decode logarithms of scales, SH of degree 0, and opacities."""
    if isinstance(meta, Meta):
        logs, dc = np.array(meta.scales.codebook), np.array(meta.sh0.codebook)
        return logs[scales[:, :3]], dc[colors[:, :3]], colors[:, 3] / 255
    logs = _between(scales[:, :3], meta.scales.mins, meta.scales.maxs)
    values = _between(colors, meta.sh0.mins, meta.sh0.maxs)
    return logs, values[:, :3], 1 / (1 + np.exp(-values[:, 3]))


def _between(
    stored: np.ndarray, mins: tuple[float, ...] | float, maxs: tuple[float, ...] | float
) -> np.ndarray:
    low, high = np.array(mins), np.array(maxs)
    return low + (high - low) * (stored / 255)


def _harmonics(meta: Meta | OldMeta, files: SogFiles) -> np.ndarray:
    """Decode higher SH, float32 [N, K - 1, 3]."""
    if meta.shN is None:
        return np.empty((meta.count, 0, 3), np.float32)
    pixels = files.pixels(meta.shN.files[0])[:, :, :3]
    height, width = pixels.shape[:2]
    if width not in WIDTHS:
        raise FormatError(
            f"the palette's image is {width} pixels wide, wanted {', '.join(map(str, WIDTHS))}."
        )
    if isinstance(meta, Meta):
        numbers = np.array(meta.shN.codebook, np.float32)[pixels]
    else:
        numbers = _between(pixels, meta.shN.mins, meta.shN.maxs).astype(np.float32)
    palette = numbers.reshape(height * COLUMNS, WIDTHS[width], 3)
    stored = _rows(files, meta.shN.files[1], meta.count)
    labels = stored[:, 0] | stored[:, 1].astype(np.uint16) << 8
    if len(labels) and labels.max() >= len(palette):
        raise FormatError(
            f"a label is {labels.max()}, the palette of higher SH has {len(palette)} entries."
        )
    return palette[labels]
