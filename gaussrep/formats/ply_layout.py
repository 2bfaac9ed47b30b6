"""Names and encodings of the columns of a PLY file of 3D Gaussian Splatting."""

from collections.abc import Iterable, Mapping

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.errors import FormatError
from gaussrep.formats.checked_files import (
    SMALLEST,
    possible_gaussians,
    sh_coefficients,
)
from gaussrep.formats.ply_elements import PlyElement
from gaussrep.formats.remarks import Remarks
from gaussrep.formats.storage import allocate
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
            f"this is not a 3DGS file: its vertices lack {', '.join(missing)}. {_kind(vertex)}"
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
        f"element {element.name} has {len(rest)} properties f_rest_…, expected f_rest_0 up to "
        "none, 9, 24 or 45 of them (SH of degree 0 to 3)."
    )


def decode(
    tables: Iterable[np.ndarray], vertex: PlyElement, bases: int, remarks: Remarks
) -> Gaussians:
    """Convert the rows of a file to Gaussians.

    Logits and logarithms may be infinite: opacities 0 and 1, and scales of 0, which become the
    smallest positive ones.

    Args:
        tables: Structured arrays with the columns of a 3DGS file, together all vertices.
        vertex: The vertices.
        bases: Number of SH basis functions.
        remarks: What is odd in the file; impossible Gaussians are added.

    Returns:
        One scene, float32, with `sh`, or with `colors` if the file has bytes.

    Raises:
        FormatError: If impossible Gaussians are not left out.
    """
    start, fields = 0, dict[str, Tensor]()
    for table in tables:
        fields = fields or _allocate(vertex, bases)  # after the check of the file's size
        stop = start + len(table)
        _decode_rows({name: tensor[start:stop] for name, tensor in fields.items()}, table)
        start = stop
    return possible_gaussians(remarks, **(fields or _allocate(vertex, bases)))


def _allocate(vertex: PlyElement, bases: int) -> dict[str, Tensor]:
    """Allocate the fields of Gaussians."""
    count = vertex.count
    shapes = {"means": (count, 3), "quats": (count, 4), "scales": (count, 3), "opacities": (count,)}
    shapes |= {"sh": (count, bases, 3)} if DC[0] in vertex.properties else {"colors": (count, 3)}
    return {name: allocate(shape) for name, shape in shapes.items()}


def _decode_rows(fields: Mapping[str, Tensor], table: np.ndarray) -> None:
    """Decode few rows into their places in the fields."""
    names = table.dtype.names or ()
    logs = _columns(table, SCALES if SCALES[2] in names else SCALES[:2])
    scales = logs.exp_()
    if scales.shape[1] == 2:
        scales = torch.nn.functional.pad(scales, (0, 1))
    opacities = _columns(table, OPACITY).sigmoid_().squeeze(-1)
    if FILTER in names:
        scales, opacities = _smooth(scales, opacities, _columns(table, (FILTER,)))
    fields["scales"].copy_(scales)
    fields["opacities"].copy_(opacities)
    for name, columns in (("means", MEANS), ("quats", QUATS)):
        _columns(table, columns, fields[name])
    if "colors" in fields:
        _columns(table, RGB, fields["colors"]).div_(255)
    else:
        bases = fields["sh"].shape[1]
        _columns(table, _harmonics(bases), fields["sh"].view(len(table), 3 * bases))


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
    harmonics = sh_coefficients(gaussians)
    rows = torch.empty(gaussians.count, len(column_names(harmonics.shape[1])))
    encode_rows(gaussians, harmonics, slice(None), rows)
    return rows


def encode_rows(
    gaussians: Gaussians, harmonics: Float[Tensor, "all bases 3"], part: slice, rows: Tensor
) -> None:
    """Compute the columns of `column_names` for a part of a scene.

    Args:
        gaussians: One scene, float32.
        harmonics: Its SH of degree 0 to 3.
        part: Rows of the scene.
        rows: Where they are written, float32, [n, columns].
    """
    sh = harmonics[part]
    count, bases, _ = sh.shape
    places = torch.arange(3 * bases).view(bases, 3)
    by_channel = torch.cat([places[0], places[1:].T.flatten()])
    columns = [
        gaussians.means[part],
        torch.zeros(count, len(NORMALS)),
        torch.index_select(sh.flatten(1), 1, by_channel),
        gaussians.opacities[part].logit(eps=OPACITY_MARGIN)[:, None],
        gaussians.scales[part].log(),
        gaussians.quats[part],
    ]
    torch.cat(columns, 1, out=rows)


def _has_bytes(vertex: PlyElement) -> bool:
    """Whether the element has colors as bytes and no SH."""
    found = [vertex.properties.get(name) for name in (*RGB, *DC)]
    return found == ["u1"] * 3 + [None] * 3


def _rest_names(bases: int) -> tuple[str, ...]:
    return tuple(f"f_rest_{number}" for number in range(3 * (bases - 1)))


def _harmonics(bases: int) -> tuple[str, ...]:
    """Return the names of the columns of SH, by basis function and then by channel."""
    rest = np.reshape(_rest_names(bases), (3, bases - 1)).T.flatten()
    return (*DC, *map(str, rest))


def _columns(table: np.ndarray, names: tuple[str, ...], out: Tensor | None = None) -> Tensor:
    """Gather columns as float32, [N, len(names)]."""
    out = torch.empty(len(table), len(names)) if out is None else out
    if _is_matrix(table.dtype):
        places = torch.tensor([(table.dtype.names or ()).index(name) for name in names])
        matrix = torch.from_numpy(table.view(np.float32).reshape(len(table), -1))
        return torch.index_select(matrix, 1, places, out=out)
    columns = out.numpy()
    with np.errstate(over="ignore"):
        for place, name in enumerate(names):
            columns[:, place] = table[name]
    return out


def _is_matrix(dtype: np.dtype) -> bool:
    """Whether all columns are float32 in the order of this machine."""
    return {kind for kind, *_ in (dtype.fields or {}).values()} == {np.dtype(np.float32)}
