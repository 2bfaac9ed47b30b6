"""The points of a room: drawn on its surfaces, and kept where a frame sees them."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float64

from gaussrep_rooms.capture import SAMPLES, Shot
from gaussrep_rooms.packed import Packed
from gaussrep_rooms.surface import Surface, draw_surface, join

ROUNDS = 12
"""How often as many points as are wanted are drawn, until enough of them are seen (ours)."""


def draw_points(
    parts: Packed, shots: Sequence[Shot], viewmats: Float64[np.ndarray, "views 4 4"],
    intrinsics: Float64[np.ndarray, "3 3"], count: int, rng: np.random.Generator,
) -> Surface:  # fmt: skip
    """Draw points evenly by area on all surfaces that at least one frame sees.

    Args:
        parts: What is there.
        shots: The frames.
        viewmats: Their world-to-camera matrices.
        intrinsics: Their camera matrix.
        count: Most points.
        rng: Source of randomness.

    Returns:
        The points; their normals face a camera.
    """
    found: list[Surface] = []
    for _ in range(ROUNDS):
        drawn = draw_surface(count, parts, rng)
        visible = np.zeros(len(drawn.which), dtype=bool)
        for shot, viewmat in zip(shots, viewmats, strict=True):
            rest = np.flatnonzero(~visible)
            visible[rest] = sees(shot, viewmat, intrinsics, drawn[rest])
        found.append(drawn[visible])
        if sum(len(part.which) for part in found) >= count:
            break
    return join(found)[:count]


def sees(
    shot: Shot, viewmat: Float64[np.ndarray, "4 4"], intrinsics: Float64[np.ndarray, "3 3"],
    surface: Surface,
) -> Bool[np.ndarray, " p"]:  # fmt: skip
    """Whether a frame sees points: they face it, and its ray next to them meets the same part.

    As parts are convex but for bowls, that part is met where the point is, or within the width of
    a ray of it.

    Args:
        shot: The frame.
        viewmat: Its world-to-camera matrix.
        intrinsics: Its camera matrix.
        surface: The points.
    """
    points = surface.points
    eye = -viewmat[:3, :3].T @ viewmat[:3, 3]
    local = points @ viewmat[:3, :3].T + viewmat[:3, 3]
    facing = np.einsum("pi,pi->p", surface.normals, eye - points) > 0
    height, width = shot.fine.shape
    depth = np.where(local[:, 2] > 0, local[:, 2], np.inf)
    column = np.floor(SAMPLES * (intrinsics[0, 0] * local[:, 0] / depth + intrinsics[0, 2]))
    row = np.floor(SAMPLES * (intrinsics[1, 1] * local[:, 1] / depth + intrinsics[1, 2]))
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height) & (local[:, 2] > 0)
    tried = np.flatnonzero(facing & inside)
    met = shot.fine[row[tried].astype(int), column[tried].astype(int)]
    seen = np.zeros(len(points), dtype=bool)
    seen[tried] = met == surface.which[tried]
    return seen
