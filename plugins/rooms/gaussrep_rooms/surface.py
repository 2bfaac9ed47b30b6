"""Sample points on the surfaces of a room."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

from gaussrep_rooms.primitives import BALL, BOWL, BOX, FRUSTUM, PrimitiveArrays
from gaussrep_rooms.render import SAMPLES, RenderedFrame

Rows = Float64[np.ndarray, "p 3"]


@dataclass(frozen=True, eq=False)
class SurfacePoints:
    """Points on the surfaces of primitives.

    Args:
        points: Positions, meters.
        normals: Unit vectors that point outwards.
        which: Index of each point's primitive.
    """

    points: Rows
    normals: Rows
    which: Int64[np.ndarray, " p"]

    def __getitem__(self, index: np.ndarray | slice) -> "SurfacePoints":
        """Select points by indices, a mask or a slice."""
        return SurfacePoints(self.points[index], self.normals[index], self.which[index])


def join(surfaces: Sequence[SurfacePoints]) -> SurfacePoints:
    """Concatenate points.

    Args:
        surfaces: At least one, of the same primitives.

    Returns:
        All points, in order.
    """
    return SurfacePoints(
        np.concatenate([surface.points for surface in surfaces]),
        np.concatenate([surface.normals for surface in surfaces]),
        np.concatenate([surface.which for surface in surfaces]),
    )


def turn_normals(unit: Rows, which: Int64[np.ndarray, " p"], primitives: PrimitiveArrays) -> Rows:
    """Transform normals from unit frames to the world.

    Args:
        unit: Normals in the unit frames, of any length.
        which: Index of each point's primitive.
        primitives: All primitives.

    Returns:
        Unit normals in the world.
    """
    normals = np.einsum("pji,pj->pi", primitives.to_unit[which], unit)
    return normals / np.linalg.norm(normals, axis=1, keepdims=True)


def sample_surface(
    count: int, primitives: PrimitiveArrays, rng: np.random.Generator
) -> SurfacePoints:
    """Sample points on all surfaces, uniformly by area.

    The surface of a primitive consists of patches. Patches are drawn in proportion to an upper
    bound of their area, and points are kept by rejection sampling with the true local area.

    Args:
        count: Points before rejection; between a third and all of them are kept.
        primitives: All primitives.
        rng: Source of randomness.

    Returns:
        The points, in random order.
    """
    owners, faces, areas = _patches(primitives)
    drawn = rng.choice(len(owners), count, p=areas / areas.sum())
    which, face = owners[drawn], faces[drawn]
    unit, normals, density = _on_patches(
        primitives.kinds[which], face, primitives.tapers[which], rng
    )
    half = primitives.half[which]
    stretch = half.prod(axis=1) * np.linalg.norm(normals / half, axis=1) * density
    kept = rng.random(count) * areas[drawn] < stretch
    which, unit, normals = which[kept], unit[kept], normals[kept]
    points = np.einsum("pij,pj->pi", primitives.from_unit[which], unit) + primitives.centers[which]
    return SurfacePoints(points, turn_normals(normals, which, primitives), which)


FACES = {BOX: 6, FRUSTUM: 3, BALL: 1, BOWL: 2}
"""Patches of each kind: a frustum has a side, a top and a bottom, a bowl two sides."""


def _patches(primitives: PrimitiveArrays) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the primitive, the number and the largest possible area of all patches."""
    counts = np.array([FACES[int(kind)] for kind in primitives.kinds])
    owners = np.repeat(np.arange(len(counts)), counts)
    faces = np.arange(len(owners)) - np.repeat(np.cumsum(counts) - counts, counts)
    half, kinds = primitives.half[owners], primitives.kinds[owners]
    sides = half.prod(axis=1)[:, None] / half
    areas = 4 * np.take_along_axis(sides, (faces % 3)[:, None], 1)[:, 0]  # of a box
    caps = np.pi * sides[:, 2]
    slant = np.hypot(1 / half[:, :2].min(axis=1), primitives.tapers[owners] / 2 / half[:, 2])
    areas = np.where(kinds == FRUSTUM, caps, areas)
    tube = 4 * np.pi * half.prod(axis=1) * slant
    areas = np.where((kinds == FRUSTUM) & (faces == 0), tube, areas)
    sphere = 4 * np.pi * sides.max(axis=1)
    areas = np.where(kinds == BALL, sphere, areas)
    return owners, faces, np.where(kinds == BOWL, sphere / 2, areas)


def _on_patches(
    kinds: np.ndarray, faces: np.ndarray, tapers: np.ndarray, rng: np.random.Generator
) -> tuple[Rows, Rows, np.ndarray]:
    """Return points and normals in unit frames, and the area that each point represents there."""
    a, b = rng.random((2, len(kinds)))
    turn = 2 * np.pi * a
    ring = np.column_stack([np.cos(turn), np.sin(turn)])
    height = 2 * b - 1
    radius = 1 - tapers * b
    unit = np.column_stack([ring * np.sqrt(1 - height**2)[:, None], height])
    normals, density = unit.copy(), np.full(len(kinds), 4 * np.pi)
    bowls = kinds == BOWL
    unit[bowls, 2] = -np.abs(unit[bowls, 2])
    normals[bowls] = unit[bowls] * np.where(faces[bowls] == 0, 1, -1)[:, None]
    density[bowls] /= 2
    tubes = (kinds == FRUSTUM) & (faces == 0)
    unit[tubes] = np.column_stack([ring * radius[:, None], height])[tubes]
    normals[tubes] = np.column_stack([ring, tapers / 2])[tubes]
    density[tubes] = 4 * np.pi * radius[tubes]
    caps = (kinds == FRUSTUM) & (faces > 0)
    up = np.where(faces == 1, 1.0, -1.0)
    end = 1 - tapers * (up + 1) / 2
    unit[caps] = np.column_stack([ring * (end * np.sqrt(b))[:, None], up])[caps]
    normals[caps] = np.column_stack([0 * ring, up])[caps]
    density[caps] = np.pi * end[caps] ** 2
    boxes = kinds == BOX
    flat = np.column_stack([np.where(faces < 3, 1.0, -1.0), 2 * a - 1, 2 * b - 1])
    order = (np.arange(3) - (faces % 3)[:, None]) % 3
    unit[boxes] = np.take_along_axis(flat, order, 1)[boxes]
    facing = np.zeros_like(flat)
    facing[:, 0] = flat[:, 0]
    normals[boxes] = np.take_along_axis(facing, order, 1)[boxes]
    density[boxes] = 4.0
    return unit, normals, density


ROUNDS = 12
"""Maximum number of rounds of sampling until enough points are visible (design choice)."""


def sample_points(
    primitives: PrimitiveArrays,
    frames: Sequence[RenderedFrame],
    viewmats: Float64[np.ndarray, "views 4 4"],
    intrinsics: Float64[np.ndarray, "3 3"],
    count: int,
    rng: np.random.Generator,
) -> SurfacePoints:
    """Sample points uniformly by area on all surfaces that at least one frame sees.

    Args:
        primitives: All primitives of the cloud.
        frames: The rendered frames.
        viewmats: Their world-to-camera matrices.
        intrinsics: Their camera matrix.
        count: Maximum number of points.
        rng: Source of randomness.

    Returns:
        The points; their normals face a camera.
    """
    found: list[SurfacePoints] = []
    for _ in range(ROUNDS):
        drawn = sample_surface(count, primitives, rng)
        visible = np.zeros(len(drawn.which), dtype=bool)
        for frame, viewmat in zip(frames, viewmats, strict=True):
            rest = np.flatnonzero(~visible)
            visible[rest] = is_visible(frame, viewmat, intrinsics, drawn[rest])
        found.append(drawn[visible])
        if sum(len(visible_points.which) for visible_points in found) >= count:
            break
    return join(found)[:count]


def is_visible(
    frame: RenderedFrame,
    viewmat: Float64[np.ndarray, "4 4"],
    intrinsics: Float64[np.ndarray, "3 3"],
    surface: SurfacePoints,
) -> Bool[np.ndarray, " p"]:
    """Test which points a frame sees: they face it, and the nearest ray hits their primitive.

    Primitives other than bowls are convex, so the ray hits the primitive at the point or within
    the width of a ray of it.

    Args:
        frame: The rendered frame.
        viewmat: Its world-to-camera matrix.
        intrinsics: Its camera matrix.
        surface: The points.

    Returns:
        True where a point is visible.
    """
    points = surface.points
    eye = -viewmat[:3, :3].T @ viewmat[:3, 3]
    local = points @ viewmat[:3, :3].T + viewmat[:3, 3]
    facing = np.einsum("pi,pi->p", surface.normals, eye - points) > 0
    height, width = frame.fine.shape
    depth = np.where(local[:, 2] > 0, local[:, 2], np.inf)
    column = np.floor(SAMPLES * (intrinsics[0, 0] * local[:, 0] / depth + intrinsics[0, 2]))
    row = np.floor(SAMPLES * (intrinsics[1, 1] * local[:, 1] / depth + intrinsics[1, 2]))
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height) & (local[:, 2] > 0)
    tried = np.flatnonzero(facing & inside)
    met = frame.fine[row[tried].astype(int), column[tried].astype(int)]
    seen = np.zeros(len(points), dtype=bool)
    seen[tried] = met == surface.which[tried]
    return seen
