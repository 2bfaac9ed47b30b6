"""Gaussians in PlayCanvas's images, SOG: `.sog` and `meta.json`."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from torch import Tensor

from gaussrep.errors import FormatError
from gaussrep.formats.checked_files import (
    open_for_reading,
    open_for_rows,
    possible_gaussians,
    validate_for_export,
)
from gaussrep.formats.config import SogConfig
from gaussrep.formats.format import Format, Rows, divide_rows
from gaussrep.formats.remarks import Remarks
from gaussrep.formats.smallest_three import restore_largest
from gaussrep.formats.sog_files import SogFiles, open_files, write_files
from gaussrep.formats.sog_meta import COLUMNS, SMALLEST_TAG, Meta, OldMeta, parse_meta
from gaussrep.formats.sog_writing import encode_scene
from gaussrep.formats.storage import allocate
from gaussrep.gaussians import Gaussians

WIDTHS = {COLUMNS * 3: 3, COLUMNS * 8: 8, COLUMNS * 15: 15}
"""SH basis functions above degree 0, by the width of that image; some programs of version 1 write
512 for 8."""
SHAPES: dict[str, tuple[int, ...]] = {
    "means": (3,), "quats": (4,), "scales": (3,), "opacities": (),
}  # fmt: skip
"""Shapes of the rows of the fields but of SH, whose degree is the palette's."""
ROWS = 2**13
"""Gaussians that are decoded at a time; a design choice."""
ANTIALIASED = "antialiased"
"""Model of scenes that were fitted with antialiasing."""


class Sog(Format):
    """Lossless WebP images of bytes, with codebooks: about 8 to 20 bytes per Gaussian.

    A `.sog` is a zip file of them; a `meta.json` has them beside it. Versions 1 and 2 are read,
    version 2 is written: 16 bits per coordinate on a logarithmic scale, three bytes of a
    quaternion, codebooks of 256 scales, colors and coefficients, a palette of up to 65,536 sets of
    higher SH. Numbers are rounded and codebooks kept if they fit, so that writing what was read
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
            meta, columns = _open(path, file, remarks)
            fields = dict[str, Tensor]()
            for column in columns:
                stored = column.load()
                fields |= column.allocate(meta.count, fields)
                column.decode(stored, fields, slice(0, meta.count), 0)
            return _finish(meta, fields, remarks)

    @contextmanager
    def open_rows(self, path: Path) -> Iterator[Rows]:
        """See `Format.open_rows`; the pixels of the images are in memory."""
        remarks = Remarks(self.config.strict)

        def start(file: BinaryIO) -> Rows:
            meta, columns = _open(path, file, remarks)
            stored = [column.load() for column in columns]

            def decode(part: slice) -> Gaussians:
                fields = dict[str, Tensor]()
                for column, pixels in zip(columns, stored, strict=True):
                    fields |= column.allocate(part.stop - part.start, fields)
                    column.decode(pixels, fields, part, part.start)
                return _finish(meta, fields, remarks)

            like = decode(slice(0, 0))
            return Rows(meta.count, like, map(decode, divide_rows(meta.count)))

        with open_for_rows(path, remarks, start) as rows:
            yield rows

    def write(self, gaussians: Gaussians, path: Path) -> None:
        """Write one scene; a zip file is written atomically.

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


@dataclass(frozen=True, slots=True)
class _Column:
    """Images that hold values of all Gaussians, and what they mean.

    Args:
        load: Reads the pixels, [N, 4] each.
        names: The fields that they fill.
        decoder: Decodes few pixels of each image into their places in the fields.
        shape_of: Returns the shape of the rows of a field.
    """

    load: Callable[[], list[np.ndarray]]
    names: tuple[str, ...]
    decoder: Callable[..., None]
    shape_of: Callable[[str], tuple[int, ...]]

    def allocate(self, count: int, fields: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Allocate the fields that are not there yet, after the pixels were counted."""
        return {
            name: allocate((count, *self.shape_of(name)))
            for name in self.names
            if name not in fields
        }

    def decode(
        self, stored: list[np.ndarray], fields: Mapping[str, Tensor], part: slice, first: int
    ) -> None:
        """Decode a part; `first` is the Gaussian with which the fields begin."""
        for start in range(part.start, part.stop, ROWS):
            rows = slice(start, min(start + ROWS, part.stop))
            inside = slice(rows.start - first, rows.stop - first)
            places = [fields[name][inside].numpy() for name in self.names]
            with np.errstate(over="ignore", invalid="ignore"):
                self.decoder(*(pixels[rows] for pixels in stored), *places)


def _open(path: Path, file: BinaryIO, remarks: Remarks) -> tuple[Meta | OldMeta, list[_Column]]:
    text, files = open_files(path, file)
    meta = parse_meta(text)
    if isinstance(meta, Meta) and meta.model not in ("default", ANTIALIASED):
        remarks.add(f"its model {meta.model[:40]!r} is not applied; the renderers draw it as usual")
    return meta, _columns(meta, files)


def _columns(meta: Meta | OldMeta, files: SogFiles) -> list[_Column]:
    """Describe the images of a scene, in the order in which they are read."""

    @cache
    def palette() -> np.ndarray:
        return np.empty((0, 0, 3), np.float32) if meta.shN is None else _palette(meta, files)

    def shape_of(name: str) -> tuple[int, ...]:
        return (1 + palette().shape[1], 3) if name == "sh" else SHAPES[name]

    def column(names: tuple[str, ...], fields: tuple[str, ...], decoder: Any) -> _Column:
        return _Column(
            lambda: [_rows(files, name, meta.count) for name in names], fields, decoder, shape_of
        )

    def means(low: np.ndarray, high: np.ndarray, place: np.ndarray) -> None:
        place[:] = _means(meta, low, high)

    def scales(pixels: np.ndarray, place: np.ndarray) -> None:
        place[:] = np.exp(_log_scales(meta, pixels))

    def quats(pixels: np.ndarray, place: np.ndarray) -> None:
        place[:] = _quats(pixels)

    def colors(pixels: np.ndarray, place: np.ndarray, opacities: np.ndarray) -> None:
        place[:, 0], opacities[:] = _colors(meta, pixels)

    def higher(pixels: np.ndarray, place: np.ndarray) -> None:
        place[:, 1:] = _harmonics(palette(), pixels)

    columns = [
        column(meta.means.files, ("means",), means),
        column(meta.scales.files, ("scales",), scales),
        column(meta.quats.files, ("quats",), quats),
        column(meta.sh0.files, ("sh", "opacities"), colors),
    ]
    if meta.shN is not None:
        columns.append(column(meta.shN.files[1:], ("sh",), higher))
    return columns


def _finish(meta: Meta | OldMeta, fields: dict[str, Tensor], remarks: Remarks) -> Gaussians:
    return possible_gaussians(remarks, **fields).replace(antialiased=_is_antialiased(meta))


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
    return (restore_largest(three.T, largest) * (largest >= 0)).T


def _log_scales(meta: Meta | OldMeta, pixels: np.ndarray) -> np.ndarray:
    if isinstance(meta, Meta):
        return np.array(meta.scales.codebook)[pixels[:, :3]]
    return _between(pixels[:, :3], meta.scales.mins, meta.scales.maxs)


def _colors(meta: Meta | OldMeta, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Decode SH of degree 0, and opacities."""
    if isinstance(meta, Meta):
        return np.array(meta.sh0.codebook)[pixels[:, :3]], pixels[:, 3] / 255
    values = _between(pixels, meta.sh0.mins, meta.sh0.maxs)
    return values[:, :3], 1 / (1 + np.exp(-values[:, 3]))


def _between(
    stored: np.ndarray, mins: tuple[float, ...] | float, maxs: tuple[float, ...] | float
) -> np.ndarray:
    low, high = np.array(mins), np.array(maxs)
    return low + (high - low) * (stored / 255)


def _palette(meta: Meta | OldMeta, files: SogFiles) -> np.ndarray:
    """Decode the entries of higher SH, float32 [entries, K - 1, 3]."""
    assert meta.shN is not None
    pixels = files.pixels(meta.shN.files[0])[:, :, :3]
    height, width = pixels.shape[:2]
    if width not in WIDTHS:
        raise FormatError(
            f"the palette's image is {width} pixels wide, expected {', '.join(map(str, WIDTHS))}."
        )
    if isinstance(meta, Meta):
        numbers = np.array(meta.shN.codebook, np.float32)[pixels]
    else:
        numbers = _between(pixels, meta.shN.mins, meta.shN.maxs).astype(np.float32)
    return numbers.reshape(height * COLUMNS, WIDTHS[width], 3)


def _harmonics(palette: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Decode higher SH, float32 [N, K - 1, 3]."""
    labels = pixels[:, 0] | pixels[:, 1].astype(np.uint16) << 8
    if labels.max() >= len(palette):
        raise FormatError(
            f"a label is {labels.max()}, the palette of higher SH has {len(palette)} entries."
        )
    return palette[labels]
