"""Gaussians in the PLY layout that 3D Gaussian Splatting introduced and every viewer reads."""

from pathlib import Path

from gaussrep.errors import FormatError
from gaussrep.formats import ply_layout
from gaussrep.formats.access import reading, writing
from gaussrep.formats.compressed_ply import is_compressed, read_compressed
from gaussrep.formats.format import Format
from gaussrep.formats.ply_header import read_header
from gaussrep.formats.ply_table import read_vertices
from gaussrep.formats.writable import writable
from gaussrep.gaussians import Gaussians

COMPRESSED = ".compressed.ply"
"""How PlayCanvas's compressed files end; they are read, not written."""


class Ply(Format):
    """The 3DGS layout: opacities as logits, scales as logarithms, color as SH of degree 0 to 3.

    Written files are `binary_little_endian`, all columns `float`, normals zero. `colors` become
    SH of degree 0. Opacities are kept 1e-6 away from 0 and 1, so that their logits stay finite.

    Read files may be binary of either byte order or ASCII, with columns of any scalar type in any
    order; further columns, further elements and whatever follows the vertices are ignored.
    Quaternions keep the length they have in the file. What nerfstudio exports is read, also where
    it has bytes `red green blue` in place of SH, and PlayCanvas's compressed files.

    The frame is the one that all of gaussrep uses, x right, y down, z forward. Nothing is turned.
    """

    def read(self, path: Path) -> Gaussians:
        """Read one scene.

        Args:
            path: The file.

        Returns:
            One scene with `sh`, or with `colors` where the file has bytes, float32, on the CPU.

        Raises:
            FormatError: If the file is missing, truncated, no 3DGS file, or holds impossible
                values.
        """
        with reading(path) as file:
            header = read_header(file)
            if is_compressed(header.vertex):
                return read_compressed(file, header)
            bases = ply_layout.check_layout(header.vertex)
            return ply_layout.decode(read_vertices(file, header), bases)

    def write(self, gaussians: Gaussians, path: Path) -> None:
        """Write one scene, whole or not at all.

        Args:
            gaussians: One scene, without batch axes.
            path: The file, overwritten if it exists.

        Raises:
            FormatError: If there are batch axes, features or SH of degree 4, none of which this
                layout holds, the name says that the file is compressed, or the file cannot be
                written.
            ValueRangeError: If a value is not finite in float32, a scale not positive, or a
                quaternion zero.
        """
        if path.name.lower().endswith(COMPRESSED):
            raise FormatError(
                f"{path}: compressed PLY is read, not written; choose .ply, or .spz for a small "
                "file."
            )
        scene = writable(gaussians, path, "a PLY file")
        names = ply_layout.column_names(1 if scene.sh is None else scene.sh.shape[-2])
        header = ["ply", "format binary_little_endian 1.0", f"element vertex {scene.count}"]
        header += [*(f"property float {name}" for name in names), "end_header", ""]
        with writing(path) as file:
            file.write("\n".join(header).encode("ascii"))
            file.write(ply_layout.encode(scene).numpy().astype("<f4").data)
