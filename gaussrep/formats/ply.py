"""Gaussians in the PLY layout that 3D Gaussian Splatting introduced and every viewer reads."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch

from gaussrep.errors import FormatError
from gaussrep.formats import ply_layout
from gaussrep.formats.checked_files import (
    checked_values,
    open_for_reading,
    open_for_rows,
    open_for_writing,
    reserve,
    sh_coefficients,
    validate_for_export,
)
from gaussrep.formats.compressed_ply import compressed_rows, is_compressed
from gaussrep.formats.compressed_ply_writing import write_compressed
from gaussrep.formats.config import PlyConfig
from gaussrep.formats.format import PART, Format, Rows, RowSource, divide_rows
from gaussrep.formats.ply_elements import PlyHeader, read_header, vertex_chunks
from gaussrep.formats.ply_variants import (
    ANTIALIASED_COMMENT,
    LINEAR,
    is_antialiased,
    is_linear,
    remark_meanings,
    with_standard_names,
)
from gaussrep.formats.remarks import Remarks
from gaussrep.gaussians import Gaussians

ROWS = 2**13
"""Rows that are read and written at a time: 2 MiB with SH of degree 3; a design choice."""
BLOCK = 2**22
"""Bytes that are moved at a time where a header becomes shorter."""
COMPRESSED = ".compressed.ply"
"""Suffix of PlayCanvas's compressed files."""


class Ply(Format):
    """The 3DGS layout: opacities as logits, scales as logarithms, color as SH of degree 0 to 3.

    Written files are `binary_little_endian`, all columns `float`, normals zero. `colors` become
    SH of degree 0. Opacities are kept 1e-6 away from 0 and 1, so that their logits stay finite.
    Files whose name ends in `.compressed.ply` are PlayCanvas's: 16 bytes per Gaussian, sorted by
    place, and a byte per coefficient of SH.

    Read files may be binary of either byte order or ASCII, with columns of any scalar type in any
    order; further columns, further elements and whatever follows the vertices are ignored.
    Quaternions keep their length. Files of nerfstudio with bytes `red green blue` in place of SH
    are read, files of 2D Gaussian Splatting, which lack the third scale, CloudCompare's names
    `scalar_…`, and PlayCanvas's compressed files. Mip-Splatting's column `filter_3D` is applied.
    Comments and columns that change the meaning of others are logged; the comments of Brush and
    Postshot that mark a scene fitted with antialiasing set `antialiased`, Brush's is written.
    SHARP's element `color_space` of 1, linear colors, is read and written.

    Axes are gaussrep's own, x right, y down, z forward, and are not converted.

    Args:
        config: The settings.
    """

    def __init__(self, config: PlyConfig | None = None) -> None:
        self.config = config or PlyConfig()

    def read(self, path: Path) -> Gaussians:
        """Read one scene.

        Args:
            path: The file.

        Returns:
            One scene with `sh`, or with `colors` if the file has bytes, float32, on the CPU.

        Raises:
            FormatError: If the file is missing, truncated, not a 3DGS file, or holds impossible
                Gaussians.
        """
        remarks = Remarks(self.config.strict)
        with open_for_reading(path, remarks) as file:
            header = with_standard_names(read_header(file))
            remark_meanings(header, remarks)
            marks = _marks(file, header)
            if is_compressed(header.vertex):
                return compressed_rows(file, header, marks, remarks).collect()
            bases = ply_layout.check_layout(header.vertex)
            tables = vertex_chunks(file, header, ROWS)
            return ply_layout.decode(tables, header.vertex, bases, remarks).replace(**marks)

    def write(self, gaussians: Gaussians, path: Path) -> None:
        """Write one scene atomically.

        Args:
            gaussians: One scene, without batch axes.
            path: The file, overwritten if it exists; packed if it ends in `.compressed.ply`.

        Raises:
            FormatError: If there are batch axes, features or SH of degree 4, none of which this
                layout holds, a compressed file would hold no Gaussians, or the file cannot be
                written.
            ValueRangeError: If a value is not finite in float32, a scale not positive, or a
                quaternion zero.
        """
        is_packed = _is_packed(path)
        scene = validate_for_export(
            gaussians, path, "a PLY file", antialiased_mark="known", marks_color_space=not is_packed
        )
        if is_packed and scene.count == 0:
            raise FormatError(f"{path}: a compressed file holds at least one Gaussian.")
        with open_for_writing(path) as file:
            if is_packed:
                write_compressed(file, scene)
                return
            start = _header(scene, scene.count)
            reserve(file, len(start) + 4 * len(_column_names(scene)) * scene.count)
            file.write(start)
            _write_rows(file, scene)
            _write_end(file, scene)

    @contextmanager
    def open_rows(self, path: Path) -> Iterator[Rows]:
        """See `Format.open_rows`."""
        remarks = Remarks(self.config.strict)
        with open_for_rows(path, remarks, lambda file: self._rows(file, remarks)) as rows:
            yield rows

    def _rows(self, file: BinaryIO, remarks: Remarks) -> Rows:
        header = with_standard_names(read_header(file))
        remark_meanings(header, remarks)
        marks = _marks(file, header)
        if is_compressed(header.vertex):
            return compressed_rows(file, header, marks, remarks)
        bases = ply_layout.check_layout(header.vertex)

        def decode(table: np.ndarray) -> Gaussians:
            tables = [table[rows] for rows in divide_rows(len(table), ROWS)]
            part = replace(header.vertex, count=len(table))
            return ply_layout.decode(tables, part, bases, remarks).replace(**marks)

        like = decode(np.empty(0))
        return Rows(header.vertex.count, like, map(decode, vertex_chunks(file, header, PART)))

    def write_rows(self, source: RowSource, path: Path) -> int:
        """See `Format.write_rows`; a compressed file is written at once."""
        if _is_packed(path):
            return super().write_rows(source, path)
        with open_for_writing(path) as file:
            with source() as rows:
                like = validate_for_export(
                    rows.like, path, "a PLY file", antialiased_mark="known", marks_color_space=True
                )
                old, count = _header(like, rows.count), 0
                file.write(old)
                for chunk in rows.chunks:
                    _write_rows(file, checked_values(chunk))
                    count += chunk.count
            _write_end(file, like)
            _replace_start(file, len(old), _header(like, count))
        return count


def _is_packed(path: Path) -> bool:
    return path.name.lower().endswith(COMPRESSED)


def _marks(file: BinaryIO, header: PlyHeader) -> dict[str, Any]:
    color_space = "linear" if is_linear(file, header) else "srgb"
    return {"antialiased": is_antialiased(header), "color_space": color_space}


def _header(scene: Gaussians, count: int) -> bytes:
    names = _column_names(scene)
    lines = ["ply", "format binary_little_endian 1.0"]
    lines += [f"comment {ANTIALIASED_COMMENT}"] if scene.antialiased else []
    lines += [f"element vertex {count}", *(f"property float {name}" for name in names)]
    lines += [*(LINEAR if scene.color_space == "linear" else ()), "end_header", ""]
    return "\n".join(lines).encode("ascii")


def _column_names(scene: Gaussians) -> tuple[str, ...]:
    return ply_layout.column_names(1 if scene.sh is None else scene.sh.shape[1])


def _write_rows(file: BinaryIO, scene: Gaussians) -> None:
    harmonics = sh_coefficients(scene)
    rows = torch.empty(min(ROWS, scene.count), len(_column_names(scene)))
    for part in divide_rows(scene.count, ROWS):
        table = rows[: part.stop - part.start]
        ply_layout.encode_rows(scene, harmonics, part, table)
        file.write(table.numpy().astype("<f4", copy=False).data)


def _write_end(file: BinaryIO, scene: Gaussians) -> None:
    file.write(b"\1" if scene.color_space == "linear" else b"")


def _replace_start(file: BinaryIO, old: int, start: bytes) -> None:
    """Replace the header of a file by one of at most the same length, and move the rest up."""
    place, gap = len(start), old - len(start)
    while gap:
        file.seek(place + gap)
        block = file.read(BLOCK)
        if not block:
            break
        file.seek(place)
        file.write(block)
        place += len(block)
    if gap:
        file.truncate(place)
    file.seek(0)
    file.write(start)
