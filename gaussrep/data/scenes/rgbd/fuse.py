"""Fusing posed RGB-D frames to a point cloud."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32

from gaussrep.data.scenes.rgbd.moments import Moments
from gaussrep.data.scenes.rgbd.normals import estimate_normals
from gaussrep.data.scenes.shot import CameraFrame, Shot, read_shot
from gaussrep.data.scenes.unreadable_scene import UnreadableSceneError
from gaussrep.data.unreadable import UnreadableFileError

log = logging.getLogger(__name__)
FEWEST_PIXELS = 3
"""Ours: voxels that fewer pixels hit are noise at the edges of objects."""
LARGEST_STEP = 0.05
"""Ours: pixels whose depth differs from a neighbor's by more than this share of it lie on an edge,
where sensors invent depth between the two surfaces."""


@dataclass(frozen=True, eq=False)
class Fused:
    """A fused cloud.

    Args:
        points: Mean position per voxel, meters.
        colors: Mean color per voxel, in [0, 1].
        normals: Unit vectors towards the side from which the point was seen.
    """

    points: Float32[np.ndarray, "p 3"]
    colors: Float32[np.ndarray, "p 3"]
    normals: Float32[np.ndarray, "p 3"]


def fuse(shots: Sequence[Shot], voxel: float) -> Fused:
    """Back-project all frames and average what falls into the same voxel.

    Args:
        shots: The frames; those that cannot be read are left out.
        voxel: Side of a voxel in meters.

    Returns:
        One point per voxel that enough pixels hit.

    Raises:
        UnreadableSceneError: If no frame can be used.
    """
    moments = Moments(voxel)
    for shot in shots:
        try:
            view = read_shot(shot)
        except UnreadableFileError as error:
            log.warning("%s", error)
            continue
        points, colors = back_project(view)
        eye = np.linalg.inv(view.frame.viewmat.astype(np.float64))[:3, 3]
        moments.add(points, colors, eye)
    voxels = moments.result(FEWEST_PIXELS)
    if len(voxels.points) == 0:
        raise UnreadableSceneError(
            f"{shots[0].color.parent}: none of the {len(shots)} frames to fuse can be used; each "
            "is unreadable or measured no depth."
        )
    normals = estimate_normals(voxels)
    return Fused(*(array.astype(np.float32) for array in (voxels.points, voxels.colors, normals)))


def back_project(
    view: CameraFrame,
) -> tuple[Float[np.ndarray, "n 3"], Float[np.ndarray, "n 3"]]:
    """Find where the pixels of a frame lie.

    Args:
        view: The frame and its camera.

    Returns:
        Positions in world coordinates, and colors in [0, 1], of the pixels that measured depth and
        do not lie on its edges.
    """
    frame, K = view.frame, view.intrinsics
    rows, columns = np.nonzero(_trusted(frame.depth))
    z = frame.depth[rows, columns].astype(np.float64)
    x = (columns + 0.5 - K[0, 2]) / K[0, 0] * z
    y = (rows + 0.5 - K[1, 2]) / K[1, 1] * z
    pose = np.linalg.inv(frame.viewmat.astype(np.float64))
    points = np.stack([x, y, z], axis=-1) @ pose[:3, :3].T + pose[:3, 3]
    return points, frame.image[rows, columns] / 255


def _trusted(depth: Float[np.ndarray, "h w"]) -> np.ndarray:
    trusted = depth > 0
    for axis in (0, 1):
        near, far = np.roll(depth, 1, axis), np.roll(depth, -1, axis)
        for other in (near, far):
            trusted &= (other == 0) | (np.abs(other - depth) <= LARGEST_STEP * depth)
    return trusted
