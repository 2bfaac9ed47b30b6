"""From pixels and slopes back to the point, and to the camera, whose gradients are summed."""

from typing import Any

import numpy as np

from gaussrep.kernels.jit import inline_jit
from gaussrep.rendering.cpu.geometry import Slopes, View, blend, dot, mix

RIGHT, DOWN, AHEAD, OFFSET, FX, FY, CX, CY = 0, 3, 6, 9, 12, 13, 14, 15
"""Places among a camera's sixteen gradients."""


@inline_jit
def _add(sums: np.ndarray, place: int, a: Any, x: float) -> None:
    sums[place] += a[0] * x
    sums[place + 1] += a[1] * x
    sums[place + 2] += a[2] * x


@inline_jit
def pull_rotation(
    view: View, slopes: Slopes, to_across: Any, to_along: Any, sums: np.ndarray, at: int
) -> None:
    """The rotation's share in how pixels grow along the world's axes."""
    _add(sums, at + RIGHT, to_across, slopes.xx)
    _add(sums, at + DOWN, to_along, slopes.yy)
    _add(sums, at + AHEAD, blend(to_across, slopes.xz, to_along, slopes.yz), 1.0)


@inline_jit
def pull_pixel(
    view: View, point: Any, to_pixel: Any, ortho: bool, sums: np.ndarray, at: int
) -> Any:
    """Gradient to the camera-space point through where it falls."""
    x, y, z = point
    share = 1.0 if ortho else 1.0 / z
    sums[at + FX] += to_pixel[0] * x * share
    sums[at + FY] += to_pixel[1] * y * share
    sums[at + CX] += to_pixel[0]
    sums[at + CY] += to_pixel[1]
    to_x, to_y = to_pixel[0] * view.fx * share, to_pixel[1] * view.fy * share
    return to_x, to_y, 0.0 if ortho else -(to_x * x + to_y * y) * share


@inline_jit
def pull_slopes(
    view: View,
    point: Any,
    slopes: Slopes,
    to_across: Any,
    to_along: Any,
    ortho: bool,
    sums: np.ndarray,
    at: int,
) -> Any:
    """Gradient to the camera-space point through the local affine map."""
    to_xx, to_yy = dot(to_across, view.right), dot(to_along, view.down)
    if ortho:
        sums[at + FX] += to_xx
        sums[at + FY] += to_yy
        return 0.0, 0.0, 0.0
    to_xz, to_yz = dot(to_across, view.ahead), dot(to_along, view.ahead)
    x, y, z = point
    to_x, z_by_x = _pull_slope(x, z, view.fx, slopes.u, slopes.u_free, to_xx, to_xz, sums, at)
    to_y, z_by_y = _pull_slope(y, z, view.fy, slopes.v, slopes.v_free, to_yy, to_yz, sums, at + 1)
    return to_x, to_y, z_by_x + z_by_y


@inline_jit
def _pull_slope(
    x: float,
    z: float,
    focal: float,
    u: float,
    free: float,
    to_flat: float,
    to_deep: float,
    sums: np.ndarray,
    at: int,
) -> Any:
    """Gradients to x and z through focal / z and -focal u / z, where u is x / z or its limit."""
    to_u = -to_deep * focal / z
    held = (1.0 - free) * to_u / focal
    sums[at + FX] += (to_flat - to_deep * u) / z - held * u
    sums[at + CX] -= held
    to_z = (to_deep * u - to_flat) * focal / z - free * to_u * x / z
    return free * to_u / z, to_z / z


@inline_jit
def pull_world(view: View, mean: Any, to_point: Any, sums: np.ndarray, at: int) -> Any:
    """Gradient to the world point; the camera's rotation and offset get theirs."""
    _add(sums, at + RIGHT, mean, to_point[0])
    _add(sums, at + DOWN, mean, to_point[1])
    _add(sums, at + AHEAD, mean, to_point[2])
    _add(sums, at + OFFSET, to_point, 1.0)
    return mix((view.right, view.down, view.ahead), to_point)
