"""Sample the cameras of a room's frames."""

import numpy as np
from jaxtyping import Float64

from gaussrep_rooms.floor_plan import FloorPlan

EYE_HEIGHTS = (1.25, 1.7)
"""Heights of the camera, meters (design choice)."""
FROM_WALL = 0.3
"""Smallest distance from a wall, meters (design choice)."""
FIELD_OF_VIEW = (60.0, 70.0)
"""Horizontal field of view, degrees (design choice)."""
CLEARANCES = (0.25, 0.15, 0.08)
"""Distances from furniture in meters, from the preferred to the smallest (design choice)."""
TARGET_DISTANCE = 1.4
"""Minimum distance of a camera's target in meters, if the room allows it (design choice)."""
CANDIDATES = 8
"""Candidate positions of each camera (design choice)."""

Viewmats = Float64[np.ndarray, "views 4 4"]


def draw_intrinsics(
    height: int, width: int, rng: np.random.Generator
) -> Float64[np.ndarray, "3 3"]:
    """Draw a camera matrix with a random field of view.

    Args:
        height: Height of the frames in pixels.
        width: Width of the frames in pixels.
        rng: Source of randomness.

    Returns:
        The camera matrix; pixel centers are at +0.5.
    """
    focal = max(width, height) / 2 / np.tan(np.radians(rng.uniform(*FIELD_OF_VIEW)) / 2)
    return np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1.0]])


def draw_viewmats(plan: FloorPlan, count: int, rng: np.random.Generator) -> Viewmats:
    """Draw handheld cameras: at eye height, outside furniture, looking across the room.

    Targets cycle through the objects and corners of the room, so that all of it is seen.

    Args:
        plan: Floor plan of the room.
        count: Number of cameras.
        rng: Source of randomness.

    Returns:
        World-to-camera matrices, OpenCV camera axes.
    """
    solids, eyes, targets = np.stack(plan.solids), _free_places(plan, rng), _targets(plan, rng)
    return np.stack([_aim(eyes, targets[k % len(targets)], solids, rng) for k in range(count)])


def look_at(
    eye: Float64[np.ndarray, "3"], target: Float64[np.ndarray, "3"], roll: float = 0.0
) -> Float64[np.ndarray, "4 4"]:
    """Compute the world-to-camera matrix of a camera that is upright up to its roll.

    Args:
        eye: Position, meters.
        target: Point in the center of the image, meters; not above or below the eye.
        roll: Rotation about the optical axis, radians.

    Returns:
        The matrix, OpenCV camera axes.
    """
    forward = (target - eye) / np.linalg.norm(target - eye)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    down = np.cross(forward, right)
    c, s = np.cos(roll), np.sin(roll)
    rotation = np.stack([c * right + s * down, c * down - s * right, forward])
    viewmat = np.eye(4)
    viewmat[:3, :3], viewmat[:3, 3] = rotation, -rotation @ eye
    return viewmat


def _aim(
    places: np.ndarray, target: np.ndarray, solids: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Look at a target from the candidate position with the longest free line of sight."""
    away = np.hypot(*(places - target[:2]).T)
    far = np.flatnonzero(away >= min(TARGET_DISTANCE, np.quantile(away, 0.7)))
    tried = places[rng.choice(far, CANDIDATES)]
    eyes = np.column_stack([tried, rng.uniform(*EYE_HEIGHTS, CANDIDATES)])
    sights = np.minimum([_sight(eye, target, solids) for eye in eyes], TARGET_DISTANCE)
    eye = eyes[sights.argmax()]
    return look_at(eye, target + rng.normal(0, 0.15, 3), rng.normal(0, 0.03))


def _sight(eye: np.ndarray, target: np.ndarray, solids: np.ndarray) -> float:
    """Return the distance from the eye to the first solid towards the target and beyond."""
    ray = (target - eye) / np.linalg.norm(target - eye)
    ends = (solids - eye) / np.where(ray == 0, 1e-12, ray)
    enter, leave = ends.min(axis=1).max(axis=1), ends.max(axis=1).min(axis=1)
    return float(enter[(enter <= leave) & (leave > 0)].min(initial=np.inf))


def _free_places(plan: FloorPlan, rng: np.random.Generator) -> Float64[np.ndarray, "places 2"]:
    """Sample points of the floor away from walls and furniture."""
    inner = plan.size[:2] - 2 * FROM_WALL
    places = FROM_WALL + rng.random((600, 2)) * inner
    solids = np.stack([solid for solid in plan.solids if solid[0, 2] < EYE_HEIGHTS[1]])
    gaps = np.maximum(solids[:, 0, :2] - places[:, None], places[:, None] - solids[:, 1, :2])
    nearest = gaps.max(axis=2).min(axis=1)
    for clearance in CLEARANCES:
        if (free := nearest > clearance).sum() >= 8:
            return places[free]
    return places[np.argsort(nearest)[-8:]]


def _targets(plan: FloorPlan, rng: np.random.Generator) -> Float64[np.ndarray, "targets 3"]:
    """Shuffle the centers of objects and points on walls and floor, none above eye height."""
    middles = np.stack([solid.mean(axis=0) for solid in plan.solids])
    turn = rng.uniform(0, 2 * np.pi) + np.arange(8) * np.pi / 4
    rim = plan.size[:2] / 2 * (1 + 0.9 * np.column_stack([np.cos(turn), np.sin(turn)]))
    walls = np.column_stack([rim, rng.uniform(0.3, 1.3, 8)])
    floor = np.column_stack([plan.size[:2] * rng.uniform(0.25, 0.75, (8, 2)), np.zeros(8)])
    targets = rng.permutation(np.concatenate([middles, walls, floor]))
    targets[:, 2] = np.minimum(targets[:, 2], 1.3)
    return targets
