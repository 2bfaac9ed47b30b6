"""First stage, backwards: from ellipses to Gaussians and cameras."""

from typing import Any

import numpy as np

from gaussrep.kernels.jit import inline_jit, kernel
from gaussrep.kernels.threads import NONE, Tasks, claim
from gaussrep.rendering.cpu import geometry
from gaussrep.rendering.cpu.camera_backward import (
    pull_pixel,
    pull_rotation,
    pull_slopes,
    pull_world,
)
from gaussrep.rendering.cpu.ellipse_backward import pull_covariance, pull_pixel_offset
from gaussrep.rendering.cpu.gather import gather_slots
from gaussrep.rendering.cpu.layout import (
    BLOCK,
    CAMERA,
    FLAT,
    MOMENTS,
    TO_DEPTH,
    TO_RED,
    Gradients,
    Grid,
    Scenes,
    Slots,
    Splats,
)
from gaussrep.rendering.cpu.quaternion_backward import pull_quaternion

NOTHING = (0.0, 0.0, 0.0)


@kernel
def project_backward(
    tasks: Tasks,
    scenes: Scenes,
    grid: Grid,
    splats: Splats,
    slots: Slots,
    gradients: Gradients,
) -> None:
    """Sum the slots of every Gaussian and carry them back; one task is a block of one scene.

    Args:
        tasks: What this thread is to do.
        scenes: Gaussians and cameras.
        grid: Size of the images.
        splats: Projected Gaussians.
        slots: What the tiles want.
        gradients: Written here.
    """
    blocks = splats.crowd.shape[1]
    total = np.empty(slots.size, np.float32)
    while True:
        task = claim(tasks)
        if task == NONE:
            return
        scene, block = divmod(task, blocks)
        cameras = task * scenes.viewmats.shape[1] * CAMERA
        for at in range(cameras, cameras + scenes.viewmats.shape[1] * CAMERA):
            gradients.cameras[at] = 0.0
        for n in range(block * BLOCK, min(scenes.means.shape[1], (block + 1) * BLOCK)):
            _pull_one(scenes, scene, n, grid, splats, slots, total, gradients, cameras)


@inline_jit
def _pull_one(
    scenes: Scenes,
    scene: int,
    n: int,
    grid: Grid,
    splats: Splats,
    slots: Slots,
    total: np.ndarray,
    gradients: Gradients,
    cameras: int,
) -> None:
    """Carry one Gaussian's sums back through all views of its scene."""
    views = scenes.viewmats.shape[1]
    mean, scales = geometry.triple(scenes.means, scene, n), geometry.triple(scenes.scales, scene, n)
    quat, shrink = geometry.unit(scenes.quats, scene, n)
    to_mean, to_scales, to_turned = NOTHING, NOTHING, (NOTHING, NOTHING, NOTHING)
    flat = 0.0
    for shown in range(gradients.colors.shape[1]):
        for channel in range(3):
            gradients.colors[scene, shown, n, channel] = 0.0
    for channel in range(gradients.features.shape[2]):
        gradients.features[scene, n, channel] = 0.0
    for number in range(views):
        if not gather_slots(splats, slots, scene * views + number, n, total):
            continue
        flat += total[FLAT]
        shown = number if gradients.colors.shape[1] > 1 else 0
        for channel in range(3):
            gradients.colors[scene, shown, n, channel] += total[TO_RED + channel]
        for channel in range(gradients.features.shape[2]):
            gradients.features[scene, n, channel] += total[MOMENTS + channel]
        view = geometry.view_of(scenes.viewmats, scenes.Ks, scene, number)
        at = cameras + number * CAMERA
        pulled = _pull_view(view, grid, mean, quat, scales, total, gradients.cameras, at)
        to_mean = geometry.add(to_mean, pulled[0])
        to_scales = geometry.add(to_scales, pulled[1])
        to_turned = geometry.add_three(to_turned, pulled[2])
    to_quat = pull_quaternion(to_turned, quat, shrink)
    for axis in range(3):
        gradients.means[scene, n, axis] = to_mean[axis]
        gradients.scales[scene, n, axis] = to_scales[axis]
    for axis in range(4):
        gradients.quats[scene, n, axis] = to_quat[axis]
    gradients.opacities[scene, n] = flat / scenes.opacities[scene, n] if flat != 0.0 else 0.0


@inline_jit
def _pull_view(
    view: Any, grid: Grid, mean: Any, quat: Any, scales: Any, total: Any, cameras: Any, at: int
) -> Any:
    """Gradients to mean, scales and turned axes through one view; those to the camera are added."""
    turned, point = geometry.columns(quat), geometry.place(view, mean)
    slopes = geometry.slopes_at(view, point, grid)
    across, along = geometry.gradients_of_pixel(view, slopes)
    u, v = geometry.extents(across, turned, scales), geometry.extents(along, turned, scales)
    covariance = geometry.covariance(u, v)
    to_u, to_v = pull_covariance(total, covariance, u, v)
    scaled_u, scaled_v = geometry.times(to_u, scales), geometry.times(to_v, scales)
    to_across, to_along = geometry.mix(turned, scaled_u), geometry.mix(turned, scaled_v)
    to_turned = (
        geometry.blend(across, scaled_u[0], along, scaled_v[0]),
        geometry.blend(across, scaled_u[1], along, scaled_v[1]),
        geometry.blend(across, scaled_u[2], along, scaled_v[2]),
    )
    to_scales = (
        to_u[0] * geometry.dot(across, turned[0]) + to_v[0] * geometry.dot(along, turned[0]),
        to_u[1] * geometry.dot(across, turned[1]) + to_v[1] * geometry.dot(along, turned[1]),
        to_u[2] * geometry.dot(across, turned[2]) + to_v[2] * geometry.dot(along, turned[2]),
    )
    pull_rotation(view, slopes, to_across, to_along, cameras, at)
    to_pixel = pull_pixel_offset(total, covariance)
    to_point = pull_pixel(view, point, to_pixel, grid.ortho, cameras, at)
    through_slopes = pull_slopes(view, point, slopes, to_across, to_along, grid.ortho, cameras, at)
    to_point = geometry.add(to_point, through_slopes)
    to_point = (to_point[0], to_point[1], to_point[2] + total[TO_DEPTH])
    return pull_world(view, mean, to_point, cameras, at), to_scales, to_turned
