"""Gaussians in the 32 bytes each of antimatter15's web viewer, `.splat`."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch

from gaussrep import sh
from gaussrep.errors import FormatError
from gaussrep.formats.checked_files import (
    checked_values,
    gaussians_from_arrays,
    open_for_rows,
    open_for_writing,
    validate_for_export,
)
from gaussrep.formats.config import SplatConfig
from gaussrep.formats.format import Format, Rows, RowSource, divide_rows
from gaussrep.formats.remarks import Remarks
from gaussrep.formats.storage import take_rows
from gaussrep.gaussians import Gaussians

ROW = np.dtype([("means", "<f4", 3), ("scales", "<f4", 3), ("rgba", "u1", 4), ("quats", "u1", 4)])
"""One Gaussian, as https://github.com/antimatter15/splat lays it out."""
ZERO = 128
"""The byte that means 0 in a quaternion; one step is 1/128."""


class Splat(Format):
    """Centers and scales in float32, color, opacity and the unit quaternion in a byte each.

    There is no header and no view-dependent color: of SH, degree 0 is written. The order of the
    Gaussians is kept; antimatter15's converter sorts them by size.

    The frame is that of 3DGS's PLY files, x right, y down, z forward. Nothing is turned.

    Args:
        config: The settings.
    """

    def __init__(self, config: SplatConfig | None = None) -> None:
        self.config = config or SplatConfig()

    def read(self, path: Path) -> Gaussians:
        """Read one scene.

        Args:
            path: The file.

        Returns:
            One scene with `colors`, float32, on the CPU.

        Raises:
            FormatError: If the file is missing, is not made of 32 bytes each, or holds impossible
                Gaussians.
        """
        with self.open_rows(path) as rows:
            return rows.collect()

    @contextmanager
    def open_rows(self, path: Path) -> Iterator[Rows]:
        """See `Format.open_rows`."""
        remarks = Remarks(self.config.strict)

        def start(file: BinaryIO) -> Rows:
            count = _count(file)
            sizes = [part.stop - part.start for part in divide_rows(count)]
            chunks = (_decode(_read(file, size), remarks) for size in sizes)
            return Rows(count, _decode(np.empty(0, ROW), remarks), chunks)

        with open_for_rows(path, remarks, start) as rows:
            yield rows

    def write_rows(self, source: RowSource, path: Path) -> int:
        """See `Format.write_rows`."""
        count = 0
        with open_for_writing(path) as file, source() as rows:
            validate_for_export(rows.like, path, "a .splat file")
            for chunk in rows.chunks:
                file.write(_rows(checked_values(chunk)).data)
                count += chunk.count
        return count

    def write(self, gaussians: Gaussians, path: Path) -> None:
        """Write one scene atomically.

        Args:
            gaussians: One scene, without batch axes.
            path: The file, overwritten if it exists.

        Raises:
            FormatError: If there are batch axes or features, or the file cannot be written.
            ValueRangeError: If a value is not finite in float32, a scale not positive, or a
                quaternion zero.
        """
        scene = validate_for_export(gaussians, path, "a .splat file")
        with open_for_writing(path) as file:
            for part in divide_rows(scene.count):
                file.write(_rows(take_rows(scene, part)).data)


def _count(file: BinaryIO) -> int:
    size = os.fstat(file.fileno()).st_size
    if size % ROW.itemsize:
        raise FormatError(
            f"this is not a .splat file, or it is truncated: its {size} bytes are not a multiple "
            f"of {ROW.itemsize}."
        )
    return size // ROW.itemsize


def _read(file: BinaryIO, size: int) -> np.ndarray:
    table = np.fromfile(file, ROW, size)
    if len(table) < size:
        raise FormatError("the file became shorter while it was read.")
    return table


def _decode(table: np.ndarray, remarks: Remarks) -> Gaussians:
    return gaussians_from_arrays(
        remarks,
        means=table["means"],
        quats=(table["quats"].astype(np.float32) - ZERO) / ZERO,
        scales=table["scales"],
        opacities=table["rgba"][:, 3] / 255,
        colors=table["rgba"][:, :3] / 255,
    )


def _rows(scene: Gaussians) -> np.ndarray:
    colors = scene.colors if scene.sh is None else sh.C0 * scene.sh[:, 0] + 0.5
    assert colors is not None
    rgba = torch.cat([colors, scene.opacities[:, None]], dim=-1)
    quats = torch.nn.functional.normalize(scene.quats, dim=-1)
    table = np.empty(scene.count, ROW)
    table["means"], table["scales"] = scene.means.numpy(), scene.scales.numpy()
    table["rgba"] = (255 * rgba).round().clamp(0, 255).numpy()
    table["quats"] = (ZERO * quats + ZERO).round().clamp(0, 255).numpy()
    return table
