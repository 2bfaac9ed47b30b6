"""The normals of parts where they are seen."""

import numpy as np
from jaxtyping import Float64, Int64

from gaussrep.kernels.jit import kernel, part
from gaussrep_rooms.packed import Packed
from gaussrep_rooms.parts import BOWL, BOX, FRUSTUM

Rows = Float64[np.ndarray, "p 3"]


def normals_at(
    points: Rows, which: Int64[np.ndarray, " p"], parts: Packed, eye: Float64[np.ndarray, "3"]
) -> Rows:
    """Unit normals at points on surfaces; those of bowls, which have two sides, face the eye.

    Args:
        points: Positions on the surfaces, meters.
        which: The part of each.
        parts: The parts.
        eye: From where they are seen.
    """
    out = np.empty_like(points)
    _find(points, which, parts.kinds, parts.tapers, parts.centers, parts.to_unit, eye, out)
    return out


@kernel
def _find(points, which, kinds, tapers, centers, to_unit, eye, out) -> None:
    for i in range(len(points)):
        n = which[i]
        m = to_unit[n]
        x, y, z = (
            points[i, 0] - centers[n, 0], points[i, 1] - centers[n, 1], points[i, 2] - centers[n, 2]
        )  # fmt: skip
        a = m[0, 0] * x + m[0, 1] * y + m[0, 2] * z
        b = m[1, 0] * x + m[1, 1] * y + m[1, 2] * z
        c = m[2, 0] * x + m[2, 1] * y + m[2, 2] * z
        if kinds[n] == BOX:
            a, b, c = _of_cube(a, b, c)
        elif kinds[n] == FRUSTUM:
            a, b, c = _of_cone(a, b, c, tapers[n])
        square, away = 0.0, 0.0
        for k in range(3):
            out[i, k] = m[0, k] * a + m[1, k] * b + m[2, k] * c
            square += out[i, k] ** 2
            away += out[i, k] * (points[i, k] - eye[k])
        length = np.sqrt(square)
        if kinds[n] == BOWL and away > 0:
            length = -length
        for k in range(3):
            out[i, k] /= length


@part
def _of_cube(a, b, c):
    x, y, z = abs(a), abs(b), abs(c)
    if x >= y and x >= z:
        return np.sign(a), 0.0, 0.0
    if y >= z:
        return 0.0, np.sign(b), 0.0
    return 0.0, 0.0, np.sign(c)


@part
def _of_cone(a, b, c, taper):
    """Of the side or of a cap, whichever is nearer."""
    across = np.sqrt(a * a + b * b)
    if abs(across - 1 + taper * (c + 1) / 2) < 1 - abs(c):
        return a / across, b / across, taper / 2
    return 0.0, 0.0, np.sign(c)
