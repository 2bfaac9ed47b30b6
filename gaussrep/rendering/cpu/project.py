"""First stage: Gaussians become ellipses on the image plane."""

from math import log, sqrt
from typing import Any

import numpy as np

from gaussrep.kernels.jit import inline_jit, kernel
from gaussrep.kernels.threads import NONE, Tasks, claim
from gaussrep.rendering.conventions import MIN_ALPHA, NEAR
from gaussrep.rendering.cpu import geometry
from gaussrep.rendering.cpu.ellipse import tiles_between
from gaussrep.rendering.cpu.layout import (
    BLOCK,
    BLUE,
    DEPTH,
    GREEN,
    L1,
    L2,
    L3,
    LEAN,
    LOG_MIN,
    LOG_OPACITY,
    RECORD,
    RED,
    TALL,
    Grid,
    Scenes,
    Splats,
    X,
    Y,
)


@kernel
def project(tasks: Tasks, scenes: Scenes, grid: Grid, splats: Splats) -> None:
    """Project every Gaussian into every image; one task is a block of one image."""
    blocks = splats.crowd.shape[1]
    views = scenes.viewmats.shape[1]
    while True:
        task = claim(tasks)
        if task == NONE:
            return
        image, block = divmod(task, blocks)
        _project_block(scenes, image // views, image % views, block, grid, splats)


@inline_jit
def _project_block(
    scenes: Scenes, scene: int, number: int, block: int, grid: Grid, splats: Splats
) -> None:
    view = geometry.view_of(scenes.viewmats, scenes.Ks, scene, number)
    image = scene * scenes.viewmats.shape[1] + number
    count = scenes.means.shape[1]
    for row in range(grid.rows):
        splats.crowd[image, block, row] = 0
    tiles = 0
    for n in range(block * BLOCK, min(count, (block + 1) * BLOCK)):
        splat = image * count + n
        box = _project_one(scenes, scene, number, n, view, grid, splats.records, splat * RECORD)
        splats.first[splat] = tiles
        splats.depths[image, n] = splats.records[splat * RECORD + DEPTH]
        for side in range(4):
            splats.boxes[splat, side] = box[side]
        for row in range(box[1], box[3]):
            splats.crowd[image, block, row] += box[2] - box[0]
        tiles += (box[2] - box[0]) * (box[3] - box[1])


@inline_jit
def _project_one(
    scenes: Scenes, scene: int, number: int, n: int, view: Any, grid: Grid, records: Any, at: int
) -> Any:
    """Fill in a record and give the tiles of its box; an empty box where nothing can be seen."""
    opacity = np.float64(scenes.opacities[scene, n])
    point = geometry.place(view, geometry.triple(scenes.means, scene, n))
    if opacity < MIN_ALPHA or point[2] < NEAR:
        return 0, 0, 0, 0
    x, y = geometry.pixel_of(view, point, grid.ortho)
    quat, _ = geometry.unit(scenes.quats, scene, n)
    turned, scales = geometry.columns(quat), geometry.triple(scenes.scales, scene, n)
    across, along = geometry.gradients_of_pixel(view, geometry.slopes_at(view, point, grid))
    u, v = geometry.extents(across, turned, scales), geometry.extents(along, turned, scales)
    covariance = geometry.covariance(u, v)
    log_opacity = log(opacity)
    reach = max(log_opacity - LOG_MIN, 0.0)
    tall = _write_ellipse(records, at, covariance, reach)
    wide = sqrt(2.0 * reach * covariance[0])
    if not (x + wide > 0 and y + tall > 0 and x - wide < grid.width and y - tall < grid.height):
        return 0, 0, 0, 0
    records[at + X], records[at + Y] = x, y
    records[at + LOG_OPACITY], records[at + DEPTH] = log_opacity, point[2]
    shown = number if scenes.colors.shape[1] > 1 else 0
    records[at + RED] = scenes.colors[scene, shown, n, 0]
    records[at + GREEN] = scenes.colors[scene, shown, n, 1]
    records[at + BLUE] = scenes.colors[scene, shown, n, 2]
    left, right = tiles_between(x - wide, x + wide, grid.columns)
    top, bottom = tiles_between(y - tall, y + tall, grid.rows)
    if right <= left or bottom <= top:
        return 0, 0, 0, 0
    return left, top, right, bottom


@inline_jit
def _write_ellipse(records: np.ndarray, at: int, covariance: Any, reach: float) -> float:
    """The Cholesky factor of half the inverse covariance, and the half height in pixels."""
    xx, xy, yy, determinant = covariance
    tall = sqrt(2.0 * reach * yy)
    l1 = sqrt(0.5 * yy / determinant)
    records[at + L1] = l1
    records[at + L2] = -xy / yy * l1
    records[at + L3] = sqrt(0.5 / yy)
    records[at + TALL] = tall
    records[at + LEAN] = tall * xy / sqrt(xx * yy)
    return tall
