"""Names and encodings of the columns of a PLY file of 3D Gaussian Splatting."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.errors import FormatError
from gaussrep.formats.checked_files import SMALLEST, possible_gaussians, sh_coefficients
from gaussrep.formats.ply_elements import PlyElement
from gaussrep.formats.remarks import Remarks
from gaussrep.gaussians import Gaussians

MEANS = ("x", "y", "z")
NORMALS = ("nx", "ny", "nz")
DC = ("f_dc_0", "f_dc_1", "f_dc_2")
RGB = ("red", "green", "blue")
"""Columns of bytes that nerfstudio's `--ply-color-mode rgb` writes in place of SH."""
OPACITY = ("opacity",)
SCALES = ("scale_0", "scale_1", "scale_2")
"""Files of 2D Gaussian Splatting lack the last: their Gaussians are flat."""
QUATS = ("rot_0", "rot_1", "rot_2", "rot_3")
FILTER = "filter_3D"
"""Column of Mip-Splatting and Gaussian Opacity Fields: standard deviation of a smoothing filter."""
ANCHORS = "f_anchor_feat_0"
BASES = (1, 4, 9, 16)
OPACITY_MARGIN = 1e-6


def column_names(bases: int) -> tuple[str, ...]:
    """Return the names of all columns in the order in which they are written.

    Args:
        bases: Number of SH basis functions, degree 0 included.

    Returns:
        The names.
    """
    return (*MEANS, *NORMALS, *DC, *_rest_names(bases), *OPACITY, *SCALES, *QUATS)


def check_layout(vertex: PlyElement) -> int:
    """Check that an element has the columns of a 3DGS file; normals are not needed.

    Args:
        vertex: The element that holds the Gaussians.

    Returns:
        Number of SH basis functions, degree 0 included.

    Raises:
        FormatError: If a column is missing or the number of SH coefficients fits no degree.
    """
    color = RGB if _has_bytes(vertex) else DC
    needed = (*MEANS, *color, *OPACITY, *SCALES[:2], *QUATS)
    missing = [name for name in needed if name not in vertex.properties]
    if missing:
        raise FormatError(
            f"this is no 3DGS file: its vertices lack {', '.join(missing)}. {_kind(vertex)}"
        )
    return count_bases(vertex)


def _kind(vertex: PlyElement) -> str:
    if ANCHORS in vertex.properties:
        return "It holds the anchors of Scaffold-GS, whose network makes the Gaussians."
    if not {*OPACITY, *SCALES, *QUATS} & vertex.properties.keys():
        return "A plain point cloud holds no Gaussians."
    return "Export it again by the program that wrote it, with all columns of 3DGS."


def count_bases(element: PlyElement) -> int:
    """Return the number of SH basis functions of an element's columns `f_rest_…`.

    Args:
        element: The vertices, or the element `sh` of a compressed file.

    Returns:
        1, 4, 9 or 16, degree 0 included.

    Raises:
        FormatError: If their number fits no degree.
    """
    rest = {name for name in element.properties if name.startswith("f_rest_")}
    for bases in BASES:
        if rest == set(_rest_names(bases)):
            return bases
    raise FormatError(
        f"element {element.name} has {len(rest)} properties f_rest_…, wanted f_rest_0 up to none, "
        "9, 24 or 45 of them (SH of degree 0 to 3)."
    )


def decode(table: np.ndarray, bases: int, remarks: Remarks) -> Gaussians:
    """Convert the rows of a file to Gaussians.

    Logits and logarithms may be infinite: opacities 0 and 1, and scales of 0, which become the
    smallest positive ones.

    Args:
        table: Structured array with the columns of a 3DGS file, [N].
        bases: Number of SH basis functions.
        remarks: What is odd in the file; impossible Gaussians are added.

    Returns:
        One scene, float32, with `sh`, or with `colors` where the file has bytes.

    Raises:
        FormatError: If impossible Gaussians are not left out.
    """
    names = table.dtype.names or ()
    scales = _columns(table, SCALES if SCALES[2] in names else SCALES[:2]).exp_()
    if scales.shape[1] == 2:
        scales = torch.nn.functional.pad(scales, (0, 1))
    opacities = _columns(table, OPACITY).sigmoid_().squeeze(-1)
    if FILTER in names:
        scales, opacities = _smooth(scales, opacities, _columns(table, (FILTER,)))
    return possible_gaussians(
        remarks,
        means=_columns(table, MEANS),
        quats=_columns(table, QUATS),
        scales=scales,
        opacities=opacities,
        **_colors_or_sh(table, bases),
    )


def _smooth(scales: Tensor, opacities: Tensor, width: Tensor) -> tuple[Tensor, Tensor]:
    """Apply Mip-Splatting's 3D filter, which keeps the integral of every Gaussian.

    Equation 9 of "Mip-Splatting: Alias-free 3D Gaussian Splatting", Yu et al. 2024.
    """
    smoothed = torch.hypot(scales, width)
    ratios = torch.where(width == 0, 1, scales / smoothed.clamp_min(SMALLEST))
    return smoothed, opacities * ratios.prod(-1)


def encode(gaussians: Gaussians) -> Float[Tensor, "n columns"]:
    """Compute the columns of `column_names` for one scene.

    Args:
        gaussians: One scene, float32, with colors or SH of degree 0 to 3.

    Returns:
        Rows of the file, float32.
    """
    sh = sh_coefficients(gaussians)
    return torch.cat(
        [
            gaussians.means,
            torch.zeros_like(gaussians.means),
            sh[:, 0],
            sh[:, 1:].mT.flatten(1),
            gaussians.opacities.logit(eps=OPACITY_MARGIN)[:, None],
            gaussians.scales.log(),
            gaussians.quats,
        ],
        dim=1,
    )


def _has_bytes(vertex: PlyElement) -> bool:
    """Whether the element has colors as bytes and no SH."""
    found = [vertex.properties.get(name) for name in (*RGB, *DC)]
    return found == ["u1"] * 3 + [None] * 3


def _colors_or_sh(table: np.ndarray, bases: int) -> dict[str, Tensor]:
    if DC[0] not in (table.dtype.names or ()):
        return {"colors": _columns(table, RGB) / 255}
    rest = _columns(table, _rest_names(bases)).unflatten(-1, (3, bases - 1)).mT
    return {"sh": torch.cat([_columns(table, DC)[:, None], rest], dim=1)}


def _rest_names(bases: int) -> tuple[str, ...]:
    return tuple(f"f_rest_{number}" for number in range(3 * (bases - 1)))


def _columns(table: np.ndarray, names: tuple[str, ...]) -> Tensor:
    columns = np.empty((len(table), len(names)), np.float32)
    with np.errstate(over="ignore"):
        for place, name in enumerate(names):
            columns[:, place] = table[name]
    return torch.from_numpy(columns)
