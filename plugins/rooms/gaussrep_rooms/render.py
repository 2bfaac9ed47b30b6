"""Render frames of a room."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int32, UInt8

from gaussrep_rooms.lighting import Light
from gaussrep_rooms.primitives import PrimitiveArrays
from gaussrep_rooms.raycast import NOTHING, cast_rays, normals_at

SAMPLES = 3
"""Rays along the side of a pixel whose colors are averaged; odd, so that one is its center."""


@dataclass(frozen=True, eq=False)
class RenderedFrame:
    """A rendered frame.

    Args:
        image: Colors averaged over each pixel's area.
        depth: Distance along the optical axis at pixel centers, meters; infinite without a hit.
        seen: Index of the visible primitive at pixel centers, `NOTHING` for none.
        fine: The same for all `SAMPLES`² rays of each pixel.
    """

    image: UInt8[np.ndarray, "height width 3"]
    depth: Float32[np.ndarray, "height width"]
    seen: Int32[np.ndarray, "height width"]
    fine: Int32[np.ndarray, "fine_height fine_width"]


def render_frame(
    primitives: PrimitiveArrays,
    light: Light,
    viewmat: Float64[np.ndarray, "4 4"],
    intrinsics: Float64[np.ndarray, "3 3"],
    height: int,
    width: int,
) -> RenderedFrame:
    """Render a frame.

    Args:
        primitives: All primitives of the room.
        light: Lighting of the room.
        viewmat: World-to-camera matrix, OpenCV axes.
        intrinsics: Camera matrix; pixel centers are at +0.5.
        height: Height in pixels.
        width: Width in pixels.

    Returns:
        The frame.
    """
    fine = intrinsics * np.array([[SAMPLES], [SAMPLES], [1]])
    depth, seen = cast_rays(primitives, viewmat, fine, height * SAMPLES, width * SAMPLES)
    hit = np.flatnonzero(seen != NOTHING)
    points = hit_points(depth, viewmat, fine)[hit]
    which = seen.ravel()[hit].astype(np.int64)
    eye = -viewmat[:3, :3].T @ viewmat[:3, 3]
    normals = normals_at(points, which, primitives, eye)
    colors = np.zeros((seen.size, 3))
    colors[hit] = light.shade(points, normals, which, primitives)
    cells = colors.reshape(height, SAMPLES, width, SAMPLES, 3)
    image = np.round(255 * cells.mean(axis=(1, 3))).astype(np.uint8)
    middle = slice(SAMPLES // 2, None, SAMPLES)
    return RenderedFrame(
        image, depth[middle, middle].astype(np.float32), seen[middle, middle].copy(), seen
    )


def hit_points(
    depth: Float64[np.ndarray, "height width"],
    viewmat: Float64[np.ndarray, "4 4"],
    intrinsics: Float64[np.ndarray, "3 3"],
) -> Float64[np.ndarray, "pixels 3"]:
    """Back-project all pixels, also those without a hit, to world coordinates.

    Args:
        depth: Distance along the optical axis, meters.
        viewmat: World-to-camera matrix, OpenCV axes.
        intrinsics: Camera matrix; pixel centers are at +0.5.

    Returns:
        Positions in meters, row by row.
    """
    height, width = depth.shape
    focal, cx, cy = intrinsics[0, 0], intrinsics[0, 2], intrinsics[1, 2]
    rays = np.empty((height, width, 3))
    rays[..., 0] = (np.arange(width) + 0.5 - cx) / focal
    rays[..., 1] = ((np.arange(height) + 0.5 - cy) / focal)[:, None]
    rays[..., 2] = 1.0
    with np.errstate(invalid="ignore"):
        points = (rays * depth[..., None]).reshape(-1, 3) - viewmat[:3, 3]
        return points @ viewmat[:3, :3]
