"""The map of every camera model from camera space to pixels, and its vector-Jacobian product.

Kernels are compiled apart for cameras without a lens, whose `lenses` are None.
"""

from typing import Any

import numpy as np

from gaussrep.kernels.jit import inline_jit
from gaussrep.rendering.cpu import geometry, lenses
from gaussrep.rendering.cpu.layout import Grid, Lenses


@inline_jit
def is_shown(lens: Lenses | None, scene: int, view: int, point: Any) -> bool:
    """Check whether a lens shows a camera-space point; without a lens it always is."""
    return True if lens is None else lenses.is_within(lens, scene, view, point)


@inline_jit
def project_point(
    lens: Lenses | None, scene: int, view: int, camera: Any, point: Any, grid: Grid
) -> Any:
    """Project a camera-space point to pixels; return the Jacobian by world coordinates, too."""
    if lens is None:
        pixel = geometry.project_point(camera, point, grid.ortho)
        jacobian = geometry.projection_jacobian(camera, point, grid)
        row_x, row_y = geometry.world_jacobian(camera, jacobian)
    else:
        pixel, by_x, by_y = lenses.project_point(lens, scene, view, camera, point)
        axes = camera.right, camera.down, camera.ahead
        row_x, row_y = geometry.weighted_sum(axes, by_x), geometry.weighted_sum(axes, by_y)
    return pixel, row_x, row_y


@inline_jit
def point_vjp(
    lens: Lenses | None,
    scene: int,
    view: int,
    camera: Any,
    point: Any,
    grid: Grid,
    grad_pixel: Any,
    grad_rows: Any,
    sums: np.ndarray,
    at: int,
) -> Any:
    """Gradient to the camera-space point through `project_point`; those to the camera are added."""
    row_x, row_y = grad_rows
    if lens is None:
        jacobian = geometry.projection_jacobian(camera, point, grid)
        geometry.rotation_vjp(camera, jacobian, row_x, row_y, sums, at)
        grad = geometry.point_vjp(camera, point, grad_pixel, grid.ortho, sums, at)
        through_jacobian = geometry.jacobian_vjp(
            camera, point, jacobian, row_x, row_y, grid.ortho, sums, at
        )
        found = geometry.add(grad, through_jacobian)
    else:
        _, by_x, by_y = lenses.project_point(lens, scene, view, camera, point)
        starts = at + geometry.RIGHT, at + geometry.DOWN, at + geometry.AHEAD
        for axis in range(3):
            both = geometry.combine(row_x, by_x[axis], row_y, by_y[axis])
            geometry.accumulate(sums, starts[axis], both, 1.0)
        axes = camera.right, camera.down, camera.ahead
        grads = geometry.in_axes(axes, row_x), geometry.in_axes(axes, row_y)
        found = lenses.point_vjp(lens, scene, view, camera, point, grad_pixel, grads, sums, at)
    return found
