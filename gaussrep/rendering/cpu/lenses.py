"""Projection of a point through a lens, and its vector-Jacobian product, in float64.

The formulas of the lenses are those of `gaussrep.rendering.lenses`, with second derivatives: the
Jacobian of the projection is differentiated, too. A lens is a tuple of its coefficients.
"""

from math import atan2, inf, sqrt, tan
from typing import Any

import numpy as np

from gaussrep.kernels.jit import inline_jit, kernel
from gaussrep.kernels.simd import maximum, minimum
from gaussrep.kernels.threads import NONE, Tasks, claim
from gaussrep.rendering.conventions import FRUSTUM_MARGIN
from gaussrep.rendering.cpu.geometry import CX, CY, FX, FY, LENS, clamp, dot
from gaussrep.rendering.cpu.layout import Grid, Lenses
from gaussrep.rendering.lens_limits import NEWTON_STEPS, SAMPLES, TINY, WIDEST

FISHEYE = 4
"""Number of coefficients of a fisheye lens; `opencv` has eight."""
P1, P2 = 2, 3
RADIAL = (0, 1, 4, 5, 6, 7)
"""Places of p1, p2, and k1 to k6 among the coefficients of `opencv`."""
BOUNDS = 5
WIDEST_SLOPE, LEFT, RIGHT, TOP, BOTTOM = range(BOUNDS)
"""Indices of a lens's bounds."""
FARTHEST_STEP = 0.5
"""Largest change of a slope in one step of Newton's method."""


@kernel
def find_bounds(tasks: Tasks, lenses: Lenses, Ks: np.ndarray, grid: Grid) -> None:
    """Find the slopes that lenses show; one task is a view.

    Args:
        tasks: Views of all scenes.
        lenses: Coefficients; their bounds are the output.
        Ks: Intrinsics in pixels, float32 [S, V, 3, 3].
        grid: Size of the images.
    """
    views = Ks.shape[1]
    while True:
        task = claim(tasks)
        if task == NONE:
            return
        scene, view = divmod(task, views)
        bounds = lenses.bounds[scene, view]
        if lenses.coefficients.shape[2] == FISHEYE:
            bounds[WIDEST_SLOPE] = _widest_fisheye_slope(_load_fisheye(lenses, scene, view))
        else:
            lens = _load_opencv(lenses, scene, view)
            bounds[WIDEST_SLOPE] = _widest_opencv_slope(lens)
            _find_frustum(lens, Ks[scene, view], grid, bounds)


@inline_jit
def _sample_angle(n: int) -> float:
    return WIDEST * n / (SAMPLES - 1)


@inline_jit
def _widest_fisheye_slope(lens: Any) -> float:
    """Find the slope up to which the radius grows, see `gaussrep.rendering.lenses.is_within`."""
    for n in range(SAMPLES):
        _, growth, _ = _bend_angle(_sample_angle(n), lens)
        if not growth > 0:
            return tan(_sample_angle(maximum(n - 1, 0)))
    return inf


@inline_jit
def _widest_opencv_slope(lens: Any) -> float:
    last = -1.0
    for n in range(SAMPLES):
        slope = tan(_sample_angle(n))
        _, _, k1, k2, k3, k4, k5, k6 = lens
        square = slope * slope
        below = 1 + square * (k4 + square * (k5 + square * k6))
        radius = slope * (1 + square * (k1 + square * (k2 + square * k3))) / below
        if not (radius > last and below > 0):
            return tan(_sample_angle(maximum(n - 1, 0)))
        last = radius
    return inf


@inline_jit
def _find_frustum(lens: Any, K: np.ndarray, grid: Grid, bounds: np.ndarray) -> None:
    """Write the bounds of `gaussrep.rendering.lenses.frustum`."""
    fx, fy, cx, cy = np.float64(K[0, 0]), np.float64(K[1, 1]), K[0, 2], K[1, 2]
    left = top = inf
    right = bottom = -inf
    for place in range(9):
        bent_x = (grid.width * 0.5 * (place % 3) - cx) / fx
        bent_y = (grid.height * 0.5 * (place // 3) - cy) / fy
        x, y = _straighten(bent_x, bent_y, lens)
        left, right = minimum(left, x), maximum(right, x)
        top, bottom = minimum(top, y), maximum(bottom, y)
    wide, high = (
        FRUSTUM_MARGIN * 0.5 * grid.width / fx,
        FRUSTUM_MARGIN * 0.5 * grid.height / fy,
    )
    bounds[LEFT], bounds[RIGHT] = left - wide, right + wide
    bounds[TOP], bounds[BOTTOM] = top - high, bottom + high


@inline_jit
def _straighten(bent_x: float, bent_y: float, lens: Any) -> Any:
    """Invert `_bend` by Newton's method."""
    x, y = bent_x, bent_y
    for _ in range(NEWTON_STEPS):
        found_x, found_y, xx, xy, yy = _bend(x, y, lens)
        determinant = xx * yy - xy * xy
        x += _bounded_step((yy * (bent_x - found_x) - xy * (bent_y - found_y)) / determinant)
        y += _bounded_step((xx * (bent_y - found_y) - xy * (bent_x - found_x)) / determinant)
    return x, y


@inline_jit
def _bounded_step(step: float) -> float:
    return maximum(minimum(step, FARTHEST_STEP), -FARTHEST_STEP) if step == step else 0.0


@inline_jit
def is_within(lenses: Lenses, scene: int, view: int, point: Any) -> bool:
    """Check whether a lens shows a point at a place of its own."""
    x, y, z = point
    widest = lenses.bounds[scene, view, WIDEST_SLOPE]
    return sqrt(x * x + y * y) <= widest * z


@inline_jit
def project_point(lenses: Lenses, scene: int, view: int, camera: Any, point: Any) -> Any:
    """Project a camera-space point to pixels; return the rows of the Jacobian, too."""
    if lenses.coefficients.shape[2] == FISHEYE:
        place, row_x, row_y = _project_fisheye(_load_fisheye(lenses, scene, view), point)
    else:
        bounds = lenses.bounds[scene, view]
        place, row_x, row_y = _project_opencv(_load_opencv(lenses, scene, view), bounds, point)
    fx, fy = camera.fx, camera.fy
    return (
        (fx * place[0] + camera.cx, fy * place[1] + camera.cy),
        (fx * row_x[0], fx * row_x[1], fx * row_x[2]),
        (fy * row_y[0], fy * row_y[1], fy * row_y[2]),
    )


@inline_jit
def point_vjp(
    lenses: Lenses,
    scene: int,
    view: int,
    camera: Any,
    point: Any,
    grad_pixel: Any,
    grad_rows: Any,
    sums: np.ndarray,
    at: int,
) -> Any:
    """Gradient to the camera-space point through `project_point`; those to the lens are added."""
    fx, fy = camera.fx, camera.fy
    (x, y), row_x, row_y = project_point(lenses, scene, view, camera, point)
    grad_row_x, grad_row_y = grad_rows
    sums[at + FX] += (grad_pixel[0] * (x - camera.cx) + dot(grad_row_x, row_x)) / fx
    sums[at + FY] += (grad_pixel[1] * (y - camera.cy) + dot(grad_row_y, row_y)) / fy
    sums[at + CX] += grad_pixel[0]
    sums[at + CY] += grad_pixel[1]
    grads = (
        (grad_pixel[0] * fx, grad_pixel[1] * fy),
        (grad_row_x[0] * fx, grad_row_x[1] * fx, grad_row_x[2] * fx),
        (grad_row_y[0] * fy, grad_row_y[1] * fy, grad_row_y[2] * fy),
    )
    if lenses.coefficients.shape[2] == FISHEYE:
        return _fisheye_vjp(_load_fisheye(lenses, scene, view), point, grads, sums, at + LENS)
    bounds = lenses.bounds[scene, view]
    lens = _load_opencv(lenses, scene, view)
    return _opencv_vjp(lens, bounds, point, grads, sums, at + LENS)


@inline_jit
def _load_fisheye(lenses: Lenses, scene: int, view: int) -> Any:
    k = lenses.coefficients[scene, view]
    return np.float64(k[0]), np.float64(k[1]), np.float64(k[2]), np.float64(k[3])


@inline_jit
def _load_opencv(lenses: Lenses, scene: int, view: int) -> Any:
    """Load p1, p2, and k1 to k6."""
    k = lenses.coefficients[scene, view]
    return (
        np.float64(k[2]), np.float64(k[3]), np.float64(k[0]), np.float64(k[1]),
        np.float64(k[4]), np.float64(k[5]), np.float64(k[6]), np.float64(k[7]),
    )  # fmt: skip


@inline_jit
def _bend_angle(angle: float, lens: Any) -> Any:
    """Compute the radius at an angle off the axis, and its first two derivatives."""
    k1, k2, k3, k4 = lens
    q = angle * angle
    radius = angle * (1 + q * (k1 + q * (k2 + q * (k3 + q * k4))))
    growth = 1 + q * (3 * k1 + q * (5 * k2 + q * (7 * k3 + q * 9 * k4)))
    return radius, growth, angle * (6 * k1 + q * (20 * k2 + q * (42 * k3 + q * 72 * k4)))


@inline_jit
def _fisheye_scale(lens: Any, point: Any) -> Any:
    """Compute the scale of (x, y), and its derivatives along r² (doubled) and z.

    The scale is s(r², z) = ρ(θ) / r at the angle θ off the axis. Then come d, r², r, θ, ρ', ρ''.
    """
    x, y, z = point
    r2 = maximum(x * x + y * y, TINY * z * z)
    r, distance2 = sqrt(r2), r2 + z * z
    angle = atan2(r, z)
    radius, growth, bending = _bend_angle(angle, lens)
    scale = radius / r
    by_r2 = (growth * z / distance2 - scale) / r2
    return scale, by_r2, -growth / distance2, distance2, r2, r, angle, growth, bending


@inline_jit
def _project_fisheye(lens: Any, point: Any) -> Any:
    """Project a point by a focal length of 1; return the rows of the Jacobian, too."""
    x, y, _ = point
    scale, by_r2, by_z, _, _, _, _, _, _ = _fisheye_scale(lens, point)
    return (
        (scale * x, scale * y),
        (scale + x * x * by_r2, x * y * by_r2, x * by_z),
        (x * y * by_r2, scale + y * y * by_r2, y * by_z),
    )


@inline_jit
def _fisheye_vjp(lens: Any, point: Any, grads: Any, sums: np.ndarray, at: int) -> Any:
    """Gradient to the point through `_project_fisheye`."""
    x, y, z = point
    place, row_x, row_y = grads
    scale, by_r2, by_z, distance2, r2, r, angle, growth, bending = _fisheye_scale(lens, point)
    across = row_x[1] + row_y[0]
    grad_scale = place[0] * x + place[1] * y + row_x[0] + row_y[1]
    grad_by_r2 = row_x[0] * x * x + across * x * y + row_y[1] * y * y
    grad_by_z = row_x[2] * x + row_y[2] * y
    square = distance2 * distance2
    z_by_r2 = (growth - 0.5 * bending * z / r) / square
    z_by_z = (2 * z * growth + bending * r) / square
    r2_by_r2 = -(z * z_by_r2 + 1.5 * by_r2) / r2
    grad_r2 = 0.5 * grad_scale * by_r2 + grad_by_z * z_by_r2 + grad_by_r2 * r2_by_r2
    grad_z = grad_scale * by_z + grad_by_z * z_by_z + grad_by_r2 * 2 * z_by_r2
    grad_radius = (grad_scale - grad_by_r2 / r2) / r
    grad_growth = (grad_by_r2 * z / r2 - grad_by_z) / distance2
    power = 1.0
    for k in range(FISHEYE):
        power *= angle * angle
        sums[at + k] += power * (grad_radius * angle + grad_growth * (2 * k + 3))
    return (
        place[0] * scale + 2 * row_x[0] * x * by_r2 + across * y * by_r2 + row_x[2] * by_z
        + 2 * x * grad_r2,
        place[1] * scale + 2 * row_y[1] * y * by_r2 + across * x * by_r2 + row_y[2] * by_z
        + 2 * y * grad_r2,
        grad_z,
    )  # fmt: skip


@inline_jit
def _radial(q: float, lens: Any) -> Any:
    """Compute the radial factor of `opencv` at a squared slope, its derivatives, and its parts.

    It is a ratio of polynomials. Then come the denominator, and its derivative.
    """
    _, _, k1, k2, k3, k4, k5, k6 = lens
    above, below = 1 + q * (k1 + q * (k2 + q * k3)), 1 + q * (k4 + q * (k5 + q * k6))
    above_1, below_1 = k1 + q * (2 * k2 + 3 * q * k3), k4 + q * (2 * k5 + 3 * q * k6)
    above_2, below_2 = 2 * k2 + 6 * q * k3, 2 * k5 + 6 * q * k6
    factor = above / below
    slope = (above_1 - factor * below_1) / below
    return factor, slope, (above_2 - 2 * slope * below_1 - factor * below_2) / below, below, below_1


@inline_jit
def _bend(x: float, y: float, lens: Any) -> Any:
    """Distort a slope by `opencv`; return the entries xx, xy, yy of the Jacobian, too."""
    p1, p2 = lens[0], lens[1]
    q = x * x + y * y
    factor, slope, _, _, _ = _radial(q, lens)
    return (
        x * factor + 2 * p1 * x * y + p2 * (q + 2 * x * x),
        y * factor + p1 * (q + 2 * y * y) + 2 * p2 * x * y,
        factor + 2 * x * x * slope + 2 * p1 * y + 6 * p2 * x,
        2 * (x * y * slope + p1 * x + p2 * y),
        factor + 2 * y * y * slope + 6 * p1 * y + 2 * p2 * x,
    )


@inline_jit
def _project_opencv(lens: Any, bounds: np.ndarray, point: Any) -> Any:
    """Project a point by a focal length of 1; the Jacobian is that at a slope near the image."""
    x, y, z = point
    place_x, place_y, _, _, _ = _bend(x / z, y / z, lens)
    u, v = (
        clamp(x / z, bounds[LEFT], bounds[RIGHT])[0],
        clamp(y / z, bounds[TOP], bounds[BOTTOM])[0],
    )
    _, _, xx, xy, yy = _bend(u, v, lens)
    return (
        (place_x, place_y),
        (xx / z, xy / z, -(xx * u + xy * v) / z),
        (xy / z, yy / z, -(xy * u + yy * v) / z),
    )


@inline_jit
def _opencv_vjp(
    lens: Any, bounds: np.ndarray, point: Any, grads: Any, sums: np.ndarray, at: int
) -> Any:
    """Gradient to the point through `_project_opencv`; the bounds are constants."""
    x, y, z = point
    place, row_x, row_y = grads
    u, u_free = clamp(x / z, bounds[LEFT], bounds[RIGHT])
    v, v_free = clamp(y / z, bounds[TOP], bounds[BOTTOM])
    _, _, xx, xy, yy = _bend(u, v, lens)
    grad_xx = (row_x[0] - row_x[2] * u) / z
    grad_xy = (row_x[1] - row_x[2] * v + row_y[0] - row_y[2] * u) / z
    grad_yy = (row_y[1] - row_y[2] * v) / z
    deep_x, deep_y = xx * u + xy * v, xy * u + yy * v
    grad_z = (row_x[2] * deep_x + row_y[2] * deep_y) / z
    grad_z -= (row_x[0] * xx + (row_x[1] + row_y[0]) * xy + row_y[1] * yy) / z
    by_u, by_v = _bend_matrix_vjp(u, v, lens, (grad_xx, grad_xy, grad_yy), sums, at)
    by_u -= (row_x[2] * xx + row_y[2] * xy) / z
    by_v -= (row_x[2] * xy + row_y[2] * yy) / z
    by_x, by_y = _bend_vjp(x / z, y / z, lens, place, sums, at)
    grad_x, grad_y = by_x + u_free * by_u, by_y + v_free * by_v
    return grad_x / z, grad_y / z, (grad_z - (grad_x * x + grad_y * y) / z) / z


@inline_jit
def _bend_vjp(x: float, y: float, lens: Any, grad: Any, sums: np.ndarray, at: int) -> Any:
    """Gradient to the slope through the slope that `_bend` returns."""
    q = x * x + y * y
    _, _, xx, xy, yy = _bend(x, y, lens)
    _add_radial(q, lens, grad[0] * x + grad[1] * y, 0.0, sums, at)
    sums[at + P1] += grad[0] * 2 * x * y + grad[1] * (q + 2 * y * y)
    sums[at + P2] += grad[0] * (q + 2 * x * x) + grad[1] * 2 * x * y
    return grad[0] * xx + grad[1] * xy, grad[0] * xy + grad[1] * yy


@inline_jit
def _bend_matrix_vjp(x: float, y: float, lens: Any, grad: Any, sums: np.ndarray, at: int) -> Any:
    """Gradient to the slope through the Jacobian that `_bend` returns."""
    p1, p2 = lens[0], lens[1]
    grad_xx, grad_xy, grad_yy = grad
    q = x * x + y * y
    _, slope, curvature, _, _ = _radial(q, lens)
    grad_factor = grad_xx + grad_yy
    grad_slope = 2 * (grad_xx * x * x + grad_xy * x * y + grad_yy * y * y)
    grad_q = grad_factor * slope + grad_slope * curvature
    _add_radial(q, lens, grad_factor, grad_slope, sums, at)
    sums[at + P1] += 2 * (grad_xx * y + grad_xy * x + 3 * grad_yy * y)
    sums[at + P2] += 2 * (3 * grad_xx * x + grad_xy * y + grad_yy * x)
    by_xx, by_yy = 2 * grad_xx * (2 * x * slope + 3 * p2), 2 * grad_yy * (2 * y * slope + 3 * p1)
    return (
        by_xx + 2 * grad_xy * (y * slope + p1) + 2 * grad_yy * p2 + 2 * x * grad_q,
        by_yy + 2 * grad_xy * (x * slope + p2) + 2 * grad_xx * p1 + 2 * y * grad_q,
    )


@inline_jit
def _add_radial(
    q: float, lens: Any, grad_factor: float, grad_slope: float, sums: np.ndarray, at: int
) -> None:
    """Add the gradients to k1 to k6 through the radial factor and its derivative."""
    factor, slope, _, below, below_1 = _radial(q, lens)
    power, lower = q, 1.0
    for k in range(3):
        rise = (k + 1) * lower
        by_k = power / below
        slope_by_k = (rise - by_k * below_1) / below
        sums[at + RADIAL[k]] += grad_factor * by_k + grad_slope * slope_by_k
        slope_by_k = factor * slope_by_k + slope * by_k
        sums[at + RADIAL[k + 3]] -= grad_factor * factor * by_k + grad_slope * slope_by_k
        power, lower = power * q, power
