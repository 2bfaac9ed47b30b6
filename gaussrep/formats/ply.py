"""Gaussians in the PLY layout that 3D Gaussian Splatting introduced and every viewer reads."""

from pathlib import Path

import torch

from gaussrep.errors import FormatError
from gaussrep.formats import ply_layout
from gaussrep.formats.format import Format
from gaussrep.formats.ply_header import read_header
from gaussrep.formats.ply_table import read_vertices
from gaussrep.gaussians import Gaussians
from gaussrep.replacing import replacing


class Ply(Format):
    """The 3DGS layout: opacities as logits, scales as logarithms, colour as SH of degree 0 to 3.

    Written files are `binary_little_endian`, all columns `float`, normals zero. `colors` become
    SH of degree 0. Opacities are kept 1e-6 away from 0 and 1, so that their logits stay finite.

    Read files may be binary of either byte order or ASCII, with columns of any scalar type in any
    order; further columns, further elements and whatever follows the vertices are ignored.
    Quaternions keep the length they have in the file.
    """

    def read(self, path: Path) -> Gaussians:
        """Read one scene.

        Args:
            path: The file.

        Returns:
            One scene with `sh`, float32, on the CPU.

        Raises:
            FormatError: If the file is missing, truncated, no 3DGS file, or holds impossible
                values.
        """
        try:
            with path.open("rb") as file:
                header = read_header(file)
                bases = ply_layout.check_layout(header.vertex)
                return ply_layout.decode(read_vertices(file, header), bases)
        except OSError as error:
            raise FormatError(f"{path}: cannot be read: {error.strerror or error}.") from error
        except FormatError as error:
            raise FormatError(f"{path}: {error}") from error

    def write(self, gaussians: Gaussians, path: Path) -> None:
        """Write one scene, whole or not at all.

        Args:
            gaussians: One scene, without batch axes.
            path: The file, overwritten if it exists.

        Raises:
            FormatError: If there are batch axes, features or SH of degree 4, none of which this
                layout holds, or the file cannot be written.
            ValueRangeError: If a value is not finite in float32, a scale not positive, or a
                quaternion zero.
        """
        _check_fits(gaussians, path)
        columns = ply_layout.encode(gaussians.detach().to("cpu", torch.float32))
        names = ply_layout.column_names(1 if gaussians.sh is None else gaussians.sh.shape[-2])
        header = ["ply", "format binary_little_endian 1.0", f"element vertex {gaussians.count}"]
        header += [*(f"property float {name}" for name in names), "end_header", ""]
        try:
            with replacing(path) as temporary, temporary.open("wb") as file:
                file.write("\n".join(header).encode("ascii"))
                file.write(columns.numpy().astype("<f4").data)
        except OSError as error:
            raise FormatError(f"{path}: cannot be written: {error.strerror or error}.") from error


def _check_fits(gaussians: Gaussians, path: Path) -> None:
    if gaussians.batch_shape:
        raise FormatError(
            f"{path}: a PLY file holds one scene, got batch axes {list(gaussians.batch_shape)}; "
            "select one with gaussians[i]."
        )
    if gaussians.sh_degree is not None and gaussians.sh_degree > 3:
        raise FormatError(
            f"{path}: a PLY file holds SH of degree 0 to 3, got degree {gaussians.sh_degree}."
        )
    if gaussians.features is not None:
        raise FormatError(
            f"{path}: a PLY file holds no features; drop them: gaussians.replace(features=None)."
        )
