"""Colors from spherical harmonics, and their backward pass; see `gaussrep.sh` for the basis."""

from math import pi, sqrt
from typing import Any

import numpy as np

from gaussrep.kernels.jit import inline_jit, inline_jit_alloc
from gaussrep.kernels.simd import maximum
from gaussrep.kernels.simd.memory import allocate
from gaussrep.rendering.cpu.geometry import dot
from gaussrep.rendering.cpu.layout import HALF, ZERO, Harmonics
from gaussrep.sh_constants import C0, MAX_DEGREE

MAX_BASES = (MAX_DEGREE + 1) ** 2

C1 = sqrt(3 / (4 * pi))
A2, B2 = 0.5 * sqrt(15 / pi), 0.25 * sqrt(5 / pi)
A3, B3 = 0.25 * sqrt(35 / (2 * pi)), 0.5 * sqrt(105 / pi)
C3, D3 = 0.25 * sqrt(21 / (2 * pi)), 0.25 * sqrt(7 / pi)
A4, B4 = 0.75 * sqrt(35 / pi), 0.75 * sqrt(35 / (2 * pi))
C4, D4 = 0.75 * sqrt(5 / pi), 0.75 * sqrt(5 / (2 * pi))
E4 = 3 / (16 * sqrt(pi))


@inline_jit_alloc
def allocate_basis() -> np.ndarray:
    """Allocate working memory for the basis functions."""
    return allocate(MAX_BASES, np.float32)


@inline_jit
def unit_direction(mean: Any, position: Any) -> Any:
    """Direction from the camera to a mean, and one over the distance."""
    away = mean[0] - position[0], mean[1] - position[1], mean[2] - position[2]
    inverse = 1.0 / maximum(sqrt(dot(away, away)), 1e-12)
    return (away[0] * inverse, away[1] * inverse, away[2] * inverse), inverse


@inline_jit
def write_basis(bases: int, direction: Any, basis: np.ndarray) -> None:
    """Write the first basis functions at a unit direction; `bases` is 1, 4, 9, 16 or 25."""
    x, y, z = direction
    basis[0] = C0
    if bases > 1:
        basis[1], basis[2], basis[3] = -C1 * y, C1 * z, -C1 * x
    if bases > 4:
        _write_degree_2(x, y, z, basis)
    if bases > 9:
        _write_degree_3(x, y, z, basis)
    if bases > 16:
        _write_degree_4(x, y, z, basis)


@inline_jit
def _write_degree_2(x: float, y: float, z: float, basis: np.ndarray) -> None:
    basis[4], basis[5] = A2 * x * y, -A2 * y * z
    basis[6] = B2 * (2 * z * z - x * x - y * y)
    basis[7], basis[8] = -A2 * x * z, 0.5 * A2 * (x * x - y * y)


@inline_jit
def _write_degree_3(x: float, y: float, z: float, basis: np.ndarray) -> None:
    xx, yy, zz = x * x, y * y, z * z
    basis[9], basis[10] = -A3 * y * (3 * xx - yy), B3 * x * y * z
    basis[11] = -C3 * y * (4 * zz - xx - yy)
    basis[12] = D3 * z * (2 * zz - 3 * xx - 3 * yy)
    basis[13] = -C3 * x * (4 * zz - xx - yy)
    basis[14], basis[15] = 0.5 * B3 * z * (xx - yy), -A3 * x * (xx - 3 * yy)


@inline_jit
def _write_degree_4(x: float, y: float, z: float, basis: np.ndarray) -> None:
    xx, yy, zz = x * x, y * y, z * z
    basis[16], basis[17] = A4 * x * y * (xx - yy), -B4 * y * z * (3 * xx - yy)
    basis[18], basis[19] = C4 * x * y * (7 * zz - 1), -D4 * y * z * (7 * zz - 3)
    basis[20] = E4 * (zz * (35 * zz - 30) + 3)
    basis[21] = -D4 * x * z * (7 * zz - 3)
    basis[22] = 0.5 * C4 * (xx - yy) * (7 * zz - 1)
    basis[23] = -B4 * x * z * (xx - 3 * yy)
    basis[24] = 0.25 * A4 * (xx * (xx - 3 * yy) - yy * (3 * xx - yy))


@inline_jit
def sum_harmonics(sh: Harmonics, index: int, basis: np.ndarray) -> Any:
    """Compute the color of a Gaussian before it is clamped at 0."""
    at = index * sh.stride
    red, green, blue = (
        HALF + basis[0] * sh.first[at],
        HALF + basis[0] * sh.first[at + 1],
        HALF + basis[0] * sh.first[at + 2],
    )
    at = index * sh.higher_stride
    for k in range(1, sh.bases):
        red += basis[k] * sh.higher[at]
        green += basis[k] * sh.higher[at + 1]
        blue += basis[k] * sh.higher[at + 2]
        at += 3
    return red, green, blue


@inline_jit
def harmonics_vjp(
    sh: Harmonics,
    index: int,
    direction: Any,
    grad: Any,
    basis: np.ndarray,
    slopes: np.ndarray,
    grad_sh: Harmonics,
    adds: bool,
) -> Any:
    """Write the gradient to the coefficients, and return that to the direction, not yet projected.

    Args:
        sh: Coefficients.
        index: Scene * N + n, n being the index of the Gaussian.
        direction: Unit direction.
        grad: Gradient to the color before it is clamped.
        basis: Result of `write_basis`.
        slopes: Working memory, as long as `basis`.
        grad_sh: Output.
        adds: Whether to add to the output.

    Returns:
        The gradient to the direction.
    """
    _write_rgb(grad_sh.first, index * grad_sh.stride, basis[0], grad, adds)
    at, to = index * sh.higher_stride, index * grad_sh.higher_stride
    for k in range(1, sh.bases):
        _write_rgb(grad_sh.higher, to, basis[k], grad, adds)
        slopes[k] = (
            sh.higher[at] * grad[0] + sh.higher[at + 1] * grad[1] + sh.higher[at + 2] * grad[2]
        )
        at, to = at + 3, to + 3
    return _basis_vjp(sh.bases, direction, slopes)


@inline_jit
def clear_harmonics(grad_sh: Harmonics, index: int) -> None:
    """Set the gradients to the coefficients of a Gaussian to zero."""
    _clear(grad_sh.first, index * grad_sh.stride, 3)
    _clear(grad_sh.higher, index * grad_sh.higher_stride, 3 * (grad_sh.bases - 1))


@inline_jit
def _clear(values: np.ndarray, start: int, count: int) -> None:
    for at in range(start, start + count):
        values[at] = ZERO


@inline_jit
def _write_rgb(values: np.ndarray, at: int, factor: float, rgb: Any, adds: bool) -> None:
    for channel in range(3):
        before = values[at + channel] if adds else ZERO
        values[at + channel] = before + factor * rgb[channel]


@inline_jit
def _basis_vjp(bases: int, direction: Any, w: np.ndarray) -> Any:
    """Sum the gradients of the basis functions to the direction, weighted."""
    x, y, z = direction
    gx = gy = gz = 0.0
    if bases > 1:
        gx, gy, gz = gx - C1 * w[3], gy - C1 * w[1], gz + C1 * w[2]
    if bases > 4:
        gx += A2 * (y * w[4] - z * w[7] + x * w[8]) - 2 * B2 * x * w[6]
        gy += A2 * (x * w[4] - z * w[5] - y * w[8]) - 2 * B2 * y * w[6]
        gz += 4 * B2 * z * w[6] - A2 * (y * w[5] + x * w[7])
    if bases > 9:
        three = _degree_3_vjp(x, y, z, w)
        gx, gy, gz = gx + three[0], gy + three[1], gz + three[2]
    if bases > 16:
        four = _degree_4_vjp(x, y, z, w)
        gx, gy, gz = gx + four[0], gy + four[1], gz + four[2]
    return gx, gy, gz


@inline_jit
def _degree_3_vjp(x: float, y: float, z: float, w: np.ndarray) -> Any:
    xx, yy, zz = x * x, y * y, z * z
    gx = -6 * A3 * x * y * w[9] + B3 * y * z * w[10] + 2 * C3 * x * y * w[11]
    gx += -6 * D3 * x * z * w[12] - C3 * (4 * zz - 3 * xx - yy) * w[13]
    gx += B3 * x * z * w[14] - 3 * A3 * (xx - yy) * w[15]
    gy = -3 * A3 * (xx - yy) * w[9] + B3 * x * z * w[10] - C3 * (4 * zz - xx - 3 * yy) * w[11]
    gy += -6 * D3 * y * z * w[12] + 2 * C3 * x * y * w[13]
    gy += -B3 * y * z * w[14] + 6 * A3 * x * y * w[15]
    gz = B3 * x * y * w[10] - 8 * C3 * y * z * w[11] + 3 * D3 * (2 * zz - xx - yy) * w[12]
    gz += -8 * C3 * x * z * w[13] + 0.5 * B3 * (xx - yy) * w[14]
    return gx, gy, gz


@inline_jit
def _degree_4_vjp(x: float, y: float, z: float, w: np.ndarray) -> Any:
    xx, yy, zz = x * x, y * y, z * z
    one, three = 7 * zz - 1, 7 * zz - 3
    gx = A4 * y * (3 * xx - yy) * w[16] - 6 * B4 * x * y * z * w[17] + C4 * y * one * w[18]
    gx += -D4 * z * three * w[21] + C4 * x * one * w[22]
    gx += -3 * B4 * z * (xx - yy) * w[23] + A4 * x * (xx - 3 * yy) * w[24]
    gy = A4 * x * (xx - 3 * yy) * w[16] - 3 * B4 * z * (xx - yy) * w[17] + C4 * x * one * w[18]
    gy += -D4 * z * three * w[19] - C4 * y * one * w[22]
    gy += 6 * B4 * x * y * z * w[23] + A4 * y * (yy - 3 * xx) * w[24]
    gz = -B4 * y * (3 * xx - yy) * w[17] + 14 * C4 * x * y * z * w[18]
    gz += -D4 * y * (21 * zz - 3) * w[19] + E4 * z * (140 * zz - 60) * w[20]
    gz += -D4 * x * (21 * zz - 3) * w[21] + 7 * C4 * z * (xx - yy) * w[22]
    gz -= B4 * x * (xx - 3 * yy) * w[23]
    return gx, gy, gz


@inline_jit
def direction_vjp(grad: Any, direction: Any, inverse: float) -> Any:
    """Gradient to the mean through `unit_direction`; that to the position is its opposite."""
    along = dot(grad, direction)
    return (
        (grad[0] - along * direction[0]) * inverse,
        (grad[1] - along * direction[1]) * inverse,
        (grad[2] - along * direction[2]) * inverse,
    )
