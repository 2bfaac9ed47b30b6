"""Backward pass of projection: from sums over tiles to gradients of the scenes and cameras."""

from typing import Any

import numpy as np

from gaussrep.kernels.jit import inline_jit, kernel
from gaussrep.kernels.simd import WIDTH, load, minimum, store
from gaussrep.kernels.simd.memory import allocate
from gaussrep.kernels.threads import NONE, Tasks, claim
from gaussrep.rendering.cpu import camera_map, geometry, harmonics
from gaussrep.rendering.cpu.ellipse import load_box, tiles_in_row
from gaussrep.rendering.cpu.layout import (
    BLOCK_SIZE,
    CAMERA_SIZE,
    D_BLUE,
    D_DEPTH,
    D_GREEN,
    D_RED,
    FEATURES_START,
    FIRST_SLOT,
    M0,
    RECORD_SIZE,
    ZERO,
    GradientBuffers,
    Gradients,
    Grid,
    Harmonics,
    Lenses,
    Scenes,
    Splats,
)

ZEROS = (0.0, 0.0, 0.0)


@kernel
def project_backward(
    tasks: Tasks,
    scenes: Scenes,
    sh: Harmonics | None,
    lenses: Lenses | None,
    grid: Grid,
    splats: Splats,
    buffers: GradientBuffers,
    gradients: Gradients,
) -> None:
    """Sum the tiles' gradients and backpropagate them; one task is a block of one scene.

    Args:
        tasks: Blocks of scenes.
        scenes: Gaussians and cameras.
        sh: The scenes' coefficients of spherical harmonics, if they have any.
        lenses: Lenses of the cameras, if they have any.
        grid: Size of the images.
        splats: Projected Gaussians.
        buffers: Gradients of tiles to projected Gaussians.
        gradients: Output.
    """
    blocks = splats.tiles_per_block_row.shape[1]
    total = allocate(buffers.size, np.float32)
    basis, slopes = harmonics.allocate_basis(), harmonics.allocate_basis()
    while True:
        task = claim(tasks)
        if task == NONE:
            return
        scene, block = divmod(task, blocks)
        cameras = task * scenes.viewmats.shape[1] * CAMERA_SIZE
        for at in range(cameras, cameras + scenes.viewmats.shape[1] * CAMERA_SIZE):
            gradients.cameras[at] = 0.0
        end = minimum(scenes.means.shape[1], (block + 1) * BLOCK_SIZE)
        for n in range(block * BLOCK_SIZE, end):
            _gaussian_vjp(
                scenes,
                sh,
                lenses,
                scene,
                n,
                grid,
                splats,
                buffers,
                total,
                gradients,
                cameras,
                basis,
                slopes,
            )


@inline_jit
def _gaussian_vjp(
    scenes: Scenes,
    sh: Harmonics | None,
    lenses: Lenses | None,
    scene: int,
    n: int,
    grid: Grid,
    splats: Splats,
    buffers: GradientBuffers,
    total: np.ndarray,
    gradients: Gradients,
    cameras: int,
    basis: np.ndarray,
    slopes: np.ndarray,
) -> None:
    """Backpropagate through one Gaussian in all views of its scene."""
    views = scenes.viewmats.shape[1]
    mean, scales = (
        geometry.load_vector(scenes.means, scene, n),
        geometry.load_vector(scenes.scales, scene, n),
    )
    quat, inverse_norm = geometry.load_unit_quat(scenes.quats, scene, n)
    grad_mean, grad_scales, grad_axes = ZEROS, ZEROS, (ZEROS, ZEROS, ZEROS)
    grad_log_opacity, is_seen = 0.0, False
    _clear_appearance(gradients, sh, scene, n)
    for view in range(views):
        if not _gather_gradients(splats, buffers, scene * views + view, n, total):
            continue
        grad_log_opacity += total[M0]
        at = cameras + view * CAMERA_SIZE
        by_color = _color_vjp(
            scenes, sh, scene, view, n, mean, total, gradients, at, basis, slopes, is_seen
        )
        is_seen = True
        grad_mean = geometry.add(grad_mean, by_color)
        for channel in range(gradients.features.shape[2]):
            gradients.features[scene, n, channel] += total[FEATURES_START + channel]
        camera = geometry.load_camera(scenes.viewmats, scenes.Ks, scene, view)
        vjp = _view_vjp(
            lenses, scene, view, camera, grid, mean, quat, scales, total, gradients.cameras, at
        )
        grad_mean = geometry.add(grad_mean, vjp[0])
        grad_scales = geometry.add(grad_scales, vjp[1])
        grad_axes = geometry.add_matrices(grad_axes, vjp[2])
    if sh is not None and not is_seen:
        harmonics.clear_harmonics(gradients.sh, scene * scenes.means.shape[1] + n)
    grad_quat = geometry.quaternion_vjp(grad_axes, quat, inverse_norm)
    for axis in range(3):
        gradients.means[scene, n, axis] = grad_mean[axis]
        gradients.scales[scene, n, axis] = grad_scales[axis]
    for axis in range(4):
        gradients.quats[scene, n, axis] = grad_quat[axis]
    gradients.opacities[scene, n] = (
        grad_log_opacity / scenes.opacities[scene, n] if grad_log_opacity != 0.0 else 0.0
    )


@inline_jit
def _clear_appearance(gradients: Gradients, sh: Harmonics | None, scene: int, n: int) -> None:
    if sh is None:
        for color_view in range(gradients.colors.shape[1]):
            for channel in range(3):
                gradients.colors[scene, color_view, n, channel] = 0.0
    for channel in range(gradients.features.shape[2]):
        gradients.features[scene, n, channel] = 0.0


@inline_jit
def _color_vjp(
    scenes: Scenes,
    sh: Harmonics | None,
    scene: int,
    view: int,
    n: int,
    mean: Any,
    total: np.ndarray,
    gradients: Gradients,
    at: int,
    basis: np.ndarray,
    slopes: np.ndarray,
    adds: bool,
) -> Any:
    """Gradient to the mean through the color; those to color and position are added.

    That to the coefficients is added or written.
    """
    if sh is not None:
        position = geometry.load_vector(scenes.positions, scene, view)
        direction, inverse = harmonics.unit_direction(mean, position)
        harmonics.write_basis(sh.bases, direction, basis)
        index = scene * scenes.means.shape[1] + n
        red, green, blue = harmonics.sum_harmonics(sh, index, basis)
        grad = (
            total[D_RED] if red >= ZERO else ZERO,
            total[D_GREEN] if green >= ZERO else ZERO,
            total[D_BLUE] if blue >= ZERO else ZERO,
        )
        by_direction = harmonics.harmonics_vjp(
            sh, index, direction, grad, basis, slopes, gradients.sh, adds
        )
        by_mean = harmonics.direction_vjp(by_direction, direction, inverse)
        geometry.accumulate(gradients.cameras, at + geometry.POSITION, by_mean, -1.0)
        return by_mean
    color_view = view if gradients.colors.shape[1] > 1 else 0
    for channel in range(3):
        gradients.colors[scene, color_view, n, channel] += total[D_RED + channel]
    return ZEROS


@inline_jit
def _view_vjp(
    lenses: Lenses | None,
    scene: int,
    view: int,
    camera: Any,
    grid: Grid,
    mean: Any,
    quat: Any,
    scales: Any,
    total: Any,
    cameras: Any,
    at: int,
) -> Any:
    """Gradients to mean, scales and rotation through one view; those to the camera are added."""
    axes, point = geometry.rotation_columns(quat), geometry.to_camera_space(camera, mean)
    _, row_x, row_y = camera_map.project_point(lenses, scene, view, camera, point, grid)
    u, v = geometry.project_axes(row_x, axes, scales), geometry.project_axes(row_y, axes, scales)
    covariance = geometry.blurred_covariance(u, v)
    grad_u, grad_v = geometry.covariance_vjp(total, covariance, u, v)
    if grid.antialiased:
        by_opacity = geometry.compensation_vjp(np.float64(total[M0]), covariance, u, v)
        grad_u, grad_v = geometry.add(grad_u, by_opacity[0]), geometry.add(grad_v, by_opacity[1])
    scaled_u, scaled_v = geometry.multiply(grad_u, scales), geometry.multiply(grad_v, scales)
    grad_rows = geometry.weighted_sum(axes, scaled_u), geometry.weighted_sum(axes, scaled_v)
    grad_axes = (
        geometry.combine(row_x, scaled_u[0], row_y, scaled_v[0]),
        geometry.combine(row_x, scaled_u[1], row_y, scaled_v[1]),
        geometry.combine(row_x, scaled_u[2], row_y, scaled_v[2]),
    )
    grad_scales = (
        grad_u[0] * geometry.dot(row_x, axes[0]) + grad_v[0] * geometry.dot(row_y, axes[0]),
        grad_u[1] * geometry.dot(row_x, axes[1]) + grad_v[1] * geometry.dot(row_y, axes[1]),
        grad_u[2] * geometry.dot(row_x, axes[2]) + grad_v[2] * geometry.dot(row_y, axes[2]),
    )
    grad_pixel = geometry.mean2d_vjp(total, covariance)
    grad_point = camera_map.point_vjp(
        lenses, scene, view, camera, point, grid, grad_pixel, grad_rows, cameras, at
    )
    grad_point = (grad_point[0], grad_point[1], grad_point[2] + total[D_DEPTH])
    return geometry.world_vjp(camera, mean, grad_point, cameras, at), grad_scales, grad_axes


@inline_jit
def _gather_gradients(
    splats: Splats, buffers: GradientBuffers, image: int, n: int, total: np.ndarray
) -> bool:
    """Sum the gradients of all tiles that a Gaussian overlaps, always in the same order.

    Args:
        splats: Projected Gaussians.
        buffers: Gradients of tiles; only tiles that the ellipse overlaps were written.
        image: Index of the image.
        n: Index of the Gaussian.
        total: Output, shaped like a slot.

    Returns:
        Whether the Gaussian overlaps any row of tiles.
    """
    splat = image * splats.depths.shape[1] + n
    top, bottom = np.int64(splats.boxes[splat, 1]), np.int64(splats.boxes[splat, 3])
    if top >= bottom:
        return False
    for at in range(len(total)):
        total[at] = ZERO
    ellipse = load_box(splats, splat)
    stride = ellipse.end - ellipse.first
    slot = buffers.starts[image, n // BLOCK_SIZE] + top * stride
    slot += splats.integers[splat * RECORD_SIZE + FIRST_SLOT]
    for row in range(top, bottom):
        left, right = tiles_in_row(ellipse, row)
        for tile in range(slot + left, slot + right):
            _add_slot(total, buffers.sums, tile * buffers.size)
        slot += stride
    return True


@inline_jit
def _add_slot(total: np.ndarray, parts: np.ndarray, start: int) -> None:
    for at in range(0, len(total), WIDTH):
        store(total, at, load(total, at) + load(parts, start + at))
