"""Objects, groups of objects, and the floor plan that places them without overlap."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from gaussrep_rooms.classes import Label
from gaussrep_rooms.primitives import Primitive, Triple, turned


@dataclass(frozen=True, slots=True)
class SceneObject:
    """One labeled object.

    Args:
        label: Its class.
        primitives: Primitives that it consists of.
    """

    label: Label
    primitives: tuple[Primitive, ...]

    def placed(self, yaw: float, x: float, y: float, z: float = 0.0) -> "SceneObject":
        """Rotate the object about the z axis and then translate it.

        Args:
            yaw: Rotation about z in radians, counter-clockwise seen from above.
            x: Translation along x, meters.
            y: Translation along y, meters.
            z: Translation along z, meters.

        Returns:
            The moved object.
        """
        turn, offset = turned(yaw), np.array([x, y, z])
        return SceneObject(
            self.label, tuple(primitive.placed(turn, offset) for primitive in self.primitives)
        )


@dataclass(frozen=True, slots=True)
class Group:
    """Objects that are placed in a room together.

    They are centered at (0, 0) and stand on z = 0, with their backs at y = `depth` / 2.

    Args:
        objects: The objects.
        width: Extent along x, meters.
        depth: Extent along y, meters.
        height: Extent along z, meters.
        front: Depth of the floor in front that must stay free, meters.
        lift: Height above the floor, meters.
    """

    objects: tuple[SceneObject, ...]
    width: float
    depth: float
    height: float
    front: float = 0.0
    lift: float = 0.0

    def placed(self, yaw: float, x: float, y: float) -> list[SceneObject]:
        """Rotate the group about the z axis and then translate it.

        Args:
            yaw: Rotation about z in radians, counter-clockwise seen from above.
            x: Translation along x, meters.
            y: Translation along y, meters.

        Returns:
            The moved objects, at the group's `lift`.
        """
        return [obj.placed(yaw, x, y, self.lift) for obj in self.objects]


def single(
    label: Label,
    primitives: Iterable[Primitive],
    size: tuple[float, float, float],
    *,
    front: float = 0.0,
    lift: float = 0.0,
) -> Group:
    """Make a group of one object.

    Args:
        label: Its class.
        primitives: Primitives that it consists of.
        size: Extent along x, y and z, meters.
        front: Depth of the floor in front that must stay free, meters.
        lift: Height above the floor, meters.

    Returns:
        The group.
    """
    return Group((SceneObject(label, tuple(primitives)),), *size, front=front, lift=lift)


TRIALS = 60
"""Attempts to place a group before it is dropped (design choice)."""
GAP = (0.02, 0.05)
"""Smallest and largest gap between furniture and the wall behind it, meters (design choice)."""
BESIDE = 0.04
"""Smallest gap between neighbors, meters (design choice)."""
AROUND = 0.3
"""Smallest gap around freestanding groups, meters (design choice)."""


class FloorPlan:
    """A rectangular room from (0, 0, 0) to `size`, and the objects placed in it.

    Args:
        size: Extent of the room, meters.
    """

    def __init__(self, size: np.ndarray) -> None:
        self.size = size
        self.objects: list[SceneObject] = []
        self.solids: list[np.ndarray] = []
        self._reserved: list[np.ndarray] = []

    def add(self, objects: Sequence[SceneObject], low: Triple, high: Triple) -> None:
        """Add objects without testing for free space.

        Args:
            objects: Objects in the room's coordinates.
            low: Lowest corner of their bounding box, meters.
            high: Highest corner of their bounding box, meters.
        """
        self.objects += objects
        self.solids.append(np.array([low, high], dtype=float))

    def against_wall(
        self, group: Group, rng: np.random.Generator, *, walls: Sequence[int] = (0, 1, 2, 3)
    ) -> bool:
        """Place a group with its back to a wall.

        Args:
            group: Group on the floor, or hung at its `lift`.
            rng: Source of randomness.
            walls: Allowed walls: 0 at the largest y, then counter-clockwise seen from above.

        Returns:
            Whether a free place was found.
        """
        for _ in range(TRIALS):
            wall = int(rng.choice(walls))
            length, across = self.size[:2] if wall % 2 == 0 else self.size[1::-1]
            slack = length - group.width - 2 * BESIDE
            if slack < 0:
                continue
            along = (rng.beta(0.6, 0.6) - 0.5) * slack
            gap = 0.0 if group.lift or _is_flat(group) else rng.uniform(*GAP)
            if self._put(group, wall, along, (across - group.depth) / 2 - gap, BESIDE):
                return True
        return False

    def in_the_middle(self, group: Group, rng: np.random.Generator) -> bool:
        """Place a group anywhere on the floor, rotated by a multiple of 90 degrees.

        Args:
            group: The group.
            rng: Source of randomness.

        Returns:
            Whether a free place was found.
        """
        for _ in range(TRIALS):
            side = int(rng.integers(4))
            width, depth = (self.size[0], self.size[1])[:: 1 if side % 2 == 0 else -1]
            slack = np.array([width - group.width, depth - group.depth]) - 2 * AROUND
            if slack.min() < 0:
                continue
            along, away = rng.uniform(-0.5, 0.5, 2) * slack
            if self._put(group, side, along, away, AROUND):
                return True
        return False

    def _put(self, group: Group, side: int, along: float, away: float, margin: float) -> bool:
        """Place a group at (along, away), rotated by `side` quarter turns."""
        yaw = side * np.pi / 2
        size, back = np.array([group.width, group.depth]), away + group.depth / 2
        low = np.array([along - size[0] / 2, away - size[1] / 2, group.lift])
        high = np.array([along + size[0] / 2, back, group.lift + group.height])
        solid = self._turned(low, high, side)
        first = np.array([low[0], low[1] - group.front, 0.0])
        free = self._turned(first, np.array([high[0], low[1], 2.0]), side)
        grown = solid + np.outer([-margin, margin], [1, 1, 0])
        if _meet(grown, [*self.solids, *self._reserved]):
            return False
        if group.front and (_meet(free, self.solids) or not self._holds(free)):
            return False
        x, y = _quarter(np.array([along, away]), side) + self.size[:2] / 2
        self.objects += group.placed(yaw, x, y)
        self.solids.append(solid)
        if group.front:
            self._reserved.append(free)
        return True

    def _turned(self, low: np.ndarray, high: np.ndarray, side: int) -> np.ndarray:
        ends = np.stack([_quarter(low[:2], side), _quarter(high[:2], side)])
        corner = np.column_stack([ends + self.size[:2] / 2, [low[2], high[2]]])
        return np.sort(corner, axis=0)

    def _holds(self, solid: np.ndarray) -> bool:
        return bool((solid[0, :2] > -1e-9).all() and (solid[1, :2] < self.size[:2] + 1e-9).all())


def _is_flat(group: Group) -> bool:
    """Test whether a group is part of the wall, as doors are."""
    return bool(group.depth < 0.1)


def _quarter(point: np.ndarray, side: int) -> np.ndarray:
    x, y = point
    return np.array([(x, y), (-y, x), (-x, -y), (y, -x)][side % 4])


def _meet(solid: np.ndarray, others: Sequence[np.ndarray]) -> bool:
    if not others:
        return False
    stacked = np.stack(others)
    apart = (solid[0] >= stacked[:, 1]) | (stacked[:, 0] >= solid[1])
    return bool((~apart.any(axis=1)).any())
