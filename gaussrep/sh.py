"""Real spherical harmonics up to degree 4, in the order and with the signs of 3DGS files.

Basis function k = l² + l + m; the Condon-Shortley sign is kept, so the first degree is
(-y, z, -x). A color is the sum of coefficients times basis plus one half, never below zero.
"""

from math import pi, sqrt

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.errors import ShapeError
from gaussrep.sh_constants import C0, MAX_DEGREE

__all__ = ["evaluate", "from_rgb"]


def degree_of(bases: int) -> int:
    """Return the degree for a number of basis functions.

    Args:
        bases: 1, 4, 9, 16 or 25.

    Returns:
        Degree, 0 to 4.

    Raises:
        ShapeError: If no degree up to 4 has that many basis functions.
    """
    degree = round(sqrt(bases)) - 1
    if not 0 <= degree <= MAX_DEGREE or (degree + 1) ** 2 != bases:
        raise ShapeError(f"sh has {bases} bases, expected 1, 4, 9, 16 or 25 (degree 0 to 4).")
    return degree


def _degree_2(x: Tensor, y: Tensor, z: Tensor) -> list[Tensor]:
    a, b = 0.5 * sqrt(15 / pi), 0.25 * sqrt(5 / pi)
    return [
        a * x * y,
        -a * y * z,
        b * (2 * z * z - x * x - y * y),
        -a * x * z,
        0.5 * a * (x * x - y * y),
    ]


def _degree_3(x: Tensor, y: Tensor, z: Tensor) -> list[Tensor]:
    a, b = 0.25 * sqrt(35 / (2 * pi)), 0.5 * sqrt(105 / pi)
    c, d = 0.25 * sqrt(21 / (2 * pi)), 0.25 * sqrt(7 / pi)
    xx, yy, zz = x * x, y * y, z * z
    return [
        -a * y * (3 * xx - yy),
        b * x * y * z,
        -c * y * (4 * zz - xx - yy),
        d * z * (2 * zz - 3 * xx - 3 * yy),
        -c * x * (4 * zz - xx - yy),
        0.5 * b * z * (xx - yy),
        -a * x * (xx - 3 * yy),
    ]


def _degree_4(x: Tensor, y: Tensor, z: Tensor) -> list[Tensor]:
    a, b = 0.75 * sqrt(35 / pi), 0.75 * sqrt(35 / (2 * pi))
    c, d = 0.75 * sqrt(5 / pi), 0.75 * sqrt(5 / (2 * pi))
    xx, yy, zz = x * x, y * y, z * z
    return [
        a * x * y * (xx - yy),
        -b * y * z * (3 * xx - yy),
        c * x * y * (7 * zz - 1),
        -d * y * z * (7 * zz - 3),
        3 / (16 * sqrt(pi)) * (zz * (35 * zz - 30) + 3),
        -d * x * z * (7 * zz - 3),
        0.5 * c * (xx - yy) * (7 * zz - 1),
        -b * x * z * (xx - 3 * yy),
        0.25 * a * (xx * (xx - 3 * yy) - yy * (3 * xx - yy)),
    ]


def basis(degree: int, directions: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch bases"]:
    """Compute the basis functions up to a degree.

    Args:
        degree: Highest degree, 0 to 4.
        directions: Directions; they are normalized first.

    Returns:
        (degree + 1)² values per direction.
    """
    x, y, z = torch.nn.functional.normalize(directions, dim=-1).unbind(-1)
    c1 = sqrt(3 / (4 * pi))
    values = [torch.full_like(x, C0)]
    values += [-c1 * y, c1 * z, -c1 * x] if degree >= 1 else []
    for known, terms in ((2, _degree_2), (3, _degree_3), (4, _degree_4)):
        values += terms(x, y, z) if degree >= known else []
    return torch.stack(values, dim=-1)


def evaluate(
    sh: Float[Tensor, "*batch bases 3"], directions: Float[Tensor, "*batch 3"]
) -> Float[Tensor, "*batch 3"]:
    """Compute the colors of coefficients in directions.

    Args:
        sh: Coefficients, (degree + 1)² bases for each of three color channels.
        directions: Directions from the camera to the Gaussian; they are normalized first.

    Returns:
        Colors, at least 0; 0.5 if all coefficients are zero.
    """
    values = basis(degree_of(sh.shape[-2]), directions)
    return (torch.einsum("...k,...kc->...c", values, sh) + 0.5).clamp_min(0)


def from_rgb(colors: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 1 3"]:
    """Convert colors to coefficients of degree 0.

    Args:
        colors: RGB in [0, 1].

    Returns:
        Coefficients of one basis function.
    """
    return ((colors - 0.5) / C0)[..., None, :]


def _probes(like: Tensor) -> Float[Tensor, "64 3"]:
    """Directions spread evenly over the sphere (a golden spiral)."""
    step = torch.arange(64, dtype=like.dtype, device=like.device) + 0.5
    z = 1 - 2 * step / 64
    angle = pi * (1 + sqrt(5)) * step
    radius = (1 - z * z).sqrt()
    return torch.stack([radius * angle.cos(), radius * angle.sin(), z], dim=-1)


def rotate(
    sh: Float[Tensor, "*batch bases 3"], rotations: Float[Tensor, "*#batch 3 3"]
) -> Float[Tensor, "*batch bases 3"]:
    """Rotate coefficients with an object.

    Each degree is closed under rotation, so its block is computed by least squares over a fixed
    set of directions; the fit is exact. Reflections are allowed.

    Args:
        sh: Coefficients before the rotation.
        rotations: Orthogonal matrices that rotate the object.

    Returns:
        Coefficients after the rotation: `evaluate(rotate(sh, R), R @ d) == evaluate(sh, d)`.
    """
    degree = degree_of(sh.shape[-2])
    probes = _probes(sh)
    before = basis(degree, probes @ rotations)
    after = basis(degree, probes)
    blocks = [slice(level**2, (level + 1) ** 2) for level in range(degree + 1)]
    turned = [
        (torch.linalg.pinv(after[:, block]) @ before[..., block]) @ sh[..., block, :]
        for block in blocks
    ]
    return torch.cat(turned, dim=-2)
