"""How 3D Gaussian Splatting names and encodes its columns in a PLY file."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep import sh
from gaussrep.checks import check_finite
from gaussrep.errors import FormatError, ValueRangeError
from gaussrep.formats.ply_header import Element
from gaussrep.gaussians import Gaussians

MEANS = ("x", "y", "z")
NORMALS = ("nx", "ny", "nz")
DC = ("f_dc_0", "f_dc_1", "f_dc_2")
OPACITY = ("opacity",)
SCALES = ("scale_0", "scale_1", "scale_2")
QUATS = ("rot_0", "rot_1", "rot_2", "rot_3")
BASES = (1, 4, 9, 16)
OPACITY_MARGIN = 1e-6


def column_names(bases: int) -> tuple[str, ...]:
    """Names of all columns in the order in which they are written.

    Args:
        bases: Number of SH basis functions, degree 0 included.
    """
    return (*MEANS, *NORMALS, *DC, *_rest_names(bases), *OPACITY, *SCALES, *QUATS)


def check_layout(vertex: Element) -> int:
    """Raise unless an element has the columns of a 3DGS file; normals are not needed.

    Args:
        vertex: The element that holds the Gaussians.

    Returns:
        Number of SH basis functions, degree 0 included.

    Raises:
        FormatError: If a column is missing or the number of SH coefficients fits no degree.
    """
    needed = (*MEANS, *DC, *OPACITY, *SCALES, *QUATS)
    missing = [name for name in needed if name not in vertex.properties]
    if missing:
        raise FormatError(
            f"this is no 3DGS file: its vertices lack {', '.join(missing)}. A plain point cloud "
            "holds no Gaussians."
        )
    rest = {name for name in vertex.properties if name.startswith("f_rest_")}
    for bases in BASES:
        if rest == set(_rest_names(bases)):
            return bases
    raise FormatError(
        f"the vertices have {len(rest)} properties f_rest_…, wanted f_rest_0 up to none, 9, 24 or "
        "45 of them (SH of degree 0 to 3)."
    )


def decode(table: np.ndarray, bases: int) -> Gaussians:
    """Gaussians from the rows of a file.

    Args:
        table: Structured array with the columns of `column_names`, [N].
        bases: Number of SH basis functions.

    Returns:
        One scene with `sh`, float32.

    Raises:
        FormatError: If a value is not finite in float32, or no Gaussian can have it.
    """
    dc, rest = _columns(table, DC), _columns(table, _rest_names(bases))
    scales = _columns(table, SCALES).exp()
    quats = _columns(table, QUATS)
    _refuse(~((scales > 0) & scales.isfinite()).all(-1), "log-scales beyond what float32 can hold")
    _refuse((quats == 0).all(-1), "quaternions rot_0..3 of length 0")
    return Gaussians(
        means=_columns(table, MEANS),
        quats=quats,
        scales=scales,
        opacities=_columns(table, OPACITY).sigmoid().squeeze(-1),
        sh=torch.cat([dc[:, None], rest.unflatten(-1, (3, bases - 1)).mT], dim=1),
    )


def encode(gaussians: Gaussians) -> Float[Tensor, "n columns"]:
    """The columns of `column_names` for one scene.

    Args:
        gaussians: One scene, float32, with colours or SH of degree 0 to 3.

    Raises:
        ValueRangeError: If a value is not finite, a scale not positive, a quaternion zero.
    """
    check_finite(dict(gaussians.tensors()))
    if not (gaussians.scales > 0).all():
        count = int((gaussians.scales <= 0).sum())
        raise ValueRangeError(f"scales hold {count} values that are not positive in float32.")
    if (gaussians.quats == 0).all(-1).any():
        raise ValueRangeError("quats hold a quaternion of length 0, which is no rotation.")
    coefficients = gaussians.sh
    if coefficients is None:
        assert gaussians.colors is not None
        coefficients = sh.from_rgb(gaussians.colors)
    return torch.cat(
        [
            gaussians.means,
            torch.zeros_like(gaussians.means),
            coefficients[:, 0],
            coefficients[:, 1:].mT.flatten(1),
            gaussians.opacities.logit(eps=OPACITY_MARGIN)[:, None],
            gaussians.scales.log(),
            gaussians.quats,
        ],
        dim=1,
    )


def _rest_names(bases: int) -> tuple[str, ...]:
    return tuple(f"f_rest_{number}" for number in range(3 * (bases - 1)))


def _columns(table: np.ndarray, names: tuple[str, ...]) -> Tensor:
    columns = torch.empty(len(table), len(names))
    for place, name in enumerate(names):
        with np.errstate(over="ignore"):
            values = torch.from_numpy(table[name].astype(np.float32))
        _refuse(~values.isfinite(), f"values of {name} that are NaN or infinite")
        columns[:, place] = values
    return columns


def _refuse(bad: Tensor, what: str) -> None:
    if bad.any():
        raise FormatError(f"the file holds {int(bad.sum())} {what} (of {len(bad)}).")
