"""Projection of Gaussians to ellipses on the image plane."""

from math import log, log2, sqrt
from typing import Any

import numpy as np

from gaussrep.kernels.jit import inline_jit, kernel
from gaussrep.kernels.simd import maximum, minimum
from gaussrep.kernels.threads import NONE, Tasks, claim
from gaussrep.rendering.conventions import MIN_ALPHA, NEAR
from gaussrep.rendering.cpu import camera_map, geometry, harmonics
from gaussrep.rendering.cpu.ellipse import tiles_between
from gaussrep.rendering.cpu.layout import (
    BEGIN,
    BLOCK_SIZE,
    BLUE,
    DEPTH,
    END,
    FIRST_SLOT,
    GREEN,
    HALF_HEIGHT,
    L1,
    L2,
    L3,
    LOG2_MIN,
    REACH,
    RECORD_SIZE,
    RED,
    ROW_SLOTS,
    SHEAR,
    ZERO,
    Grid,
    Harmonics,
    Lenses,
    Scenes,
    Splats,
    X,
    Y,
)

LOG_2, LOG2_E = log(2), 1 / log(2)


@kernel
def project(
    tasks: Tasks,
    scenes: Scenes,
    sh: Harmonics | None,
    lenses: Lenses | None,
    grid: Grid,
    splats: Splats,
) -> None:
    """Project every Gaussian into every image; one task is a block of one image.

    Args:
        tasks: Blocks of images.
        scenes: Gaussians and cameras.
        sh: The scenes' coefficients of spherical harmonics, if they have any.
        lenses: Lenses of the cameras, if they have any.
        grid: Size of the images.
        splats: Output.
    """
    blocks = splats.tiles_per_block_row.shape[1]
    views = scenes.viewmats.shape[1]
    basis = harmonics.allocate_basis()
    while True:
        task = claim(tasks)
        if task == NONE:
            return
        image, block = divmod(task, blocks)
        scene, view = divmod(image, views)
        _project_block(scenes, sh, lenses, scene, view, block, grid, splats, basis)


@inline_jit
def _project_block(
    scenes: Scenes,
    sh: Harmonics | None,
    lenses: Lenses | None,
    scene: int,
    view: int,
    block: int,
    grid: Grid,
    splats: Splats,
    basis: np.ndarray,
) -> None:
    camera = geometry.load_camera(scenes.viewmats, scenes.Ks, scene, view)
    image = scene * scenes.viewmats.shape[1] + view
    count = scenes.means.shape[1]
    for row in range(grid.rows):
        splats.tiles_per_block_row[image, block, row] = 0
    tiles = 0
    for n in range(block * BLOCK_SIZE, minimum(count, (block + 1) * BLOCK_SIZE)):
        splat = image * count + n
        at = splat * RECORD_SIZE
        box = _project_one(
            scenes, sh, lenses, scene, view, n, camera, grid, splats.records, at, basis
        )
        splats.depths[image, n] = splats.records[splat * RECORD_SIZE + DEPTH]
        for side in range(4):
            splats.boxes[splat, side] = box[side]
        for row in range(box[1], box[3]):
            splats.tiles_per_block_row[image, block, row] += box[2] - box[0]
        splats.integers[at + FIRST_SLOT] = tiles - box[1] * (box[2] - box[0]) - box[0]
        splats.integers[at + ROW_SLOTS] = box[2] - box[0]
        splats.integers[at + BEGIN] = box[0] | box[1] << 16
        splats.integers[at + END] = box[2] | box[3] << 16
        tiles += (box[2] - box[0]) * (box[3] - box[1])


@inline_jit
def _project_one(
    scenes: Scenes,
    sh: Harmonics | None,
    lenses: Lenses | None,
    scene: int,
    view: int,
    n: int,
    camera: Any,
    grid: Grid,
    records: Any,
    at: int,
    basis: np.ndarray,
) -> Any:
    """Write a record and return the tiles of its box; an empty box if it is invisible."""
    opacity = np.float64(scenes.opacities[scene, n])
    mean = geometry.load_vector(scenes.means, scene, n)
    point = geometry.to_camera_space(camera, mean)
    if opacity < MIN_ALPHA or point[2] < NEAR:
        return 0, 0, 0, 0
    if not camera_map.is_shown(lenses, scene, view, point):
        return 0, 0, 0, 0
    (x, y), row_x, row_y = camera_map.project_point(lenses, scene, view, camera, point, grid)
    quat, _ = geometry.load_unit_quat(scenes.quats, scene, n)
    axes, scales = geometry.rotation_columns(quat), geometry.load_vector(scenes.scales, scene, n)
    u, v = geometry.project_axes(row_x, axes, scales), geometry.project_axes(row_y, axes, scales)
    covariance = geometry.blurred_covariance(u, v)
    reach = log2(opacity) - LOG2_MIN
    if grid.antialiased:
        reach += LOG2_E * geometry.log_compensation(u, v, covariance)
        if reach < 0.0:
            return 0, 0, 0, 0
    reach = maximum(reach, 0.0)
    half_height = _write_ellipse(records, at, covariance, reach)
    half_width = sqrt(2.0 * LOG_2 * reach * covariance[0])
    if not (
        x + half_width > 0
        and y + half_height > 0
        and x - half_width < grid.width
        and y - half_height < grid.height
    ):
        return 0, 0, 0, 0
    records[at + X], records[at + Y] = x, y
    records[at + REACH], records[at + DEPTH] = reach, point[2]
    left, right = tiles_between(x - half_width, x + half_width, grid.columns)
    top, bottom = tiles_between(y - half_height, y + half_height, grid.rows)
    if right <= left or bottom <= top:
        return 0, 0, 0, 0
    _write_color(scenes, sh, scene, view, n, mean, records, at, basis)
    return left, top, right, bottom


@inline_jit
def _write_color(
    scenes: Scenes,
    sh: Harmonics | None,
    scene: int,
    view: int,
    n: int,
    mean: Any,
    records: Any,
    at: int,
    basis: np.ndarray,
) -> None:
    if sh is not None:
        position = geometry.load_vector(scenes.positions, scene, view)
        direction, _ = harmonics.unit_direction(mean, position)
        harmonics.write_basis(sh.bases, direction, basis)
        index = scene * scenes.means.shape[1] + n
        red, green, blue = harmonics.sum_harmonics(sh, index, basis)
        records[at + RED] = maximum(red, ZERO)
        records[at + GREEN] = maximum(green, ZERO)
        records[at + BLUE] = maximum(blue, ZERO)
    else:
        color_view = view if scenes.colors.shape[1] > 1 else 0
        records[at + RED] = scenes.colors[scene, color_view, n, 0]
        records[at + GREEN] = scenes.colors[scene, color_view, n, 1]
        records[at + BLUE] = scenes.colors[scene, color_view, n, 2]


@inline_jit
def _write_ellipse(records: np.ndarray, at: int, covariance: Any, reach: float) -> float:
    """Write the Cholesky factor, see `ellipse`; return the half height."""
    xx, xy, yy, determinant = covariance
    half_height = sqrt(2.0 * LOG_2 * reach * yy)
    l1 = sqrt(0.5 * LOG2_E * yy / determinant)
    records[at + L1] = l1
    records[at + L2] = -xy / yy * l1
    records[at + L3] = sqrt(0.5 * LOG2_E / yy)
    records[at + HALF_HEIGHT] = half_height
    records[at + SHEAR] = half_height * xy / sqrt(xx * yy)
    return half_height
