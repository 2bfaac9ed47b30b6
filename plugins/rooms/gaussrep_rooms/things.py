"""Things, which have a class, and groups of things, which stand together."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from gaussrep_rooms.classes import Label
from gaussrep_rooms.parts import Part, turned


@dataclass(frozen=True, slots=True)
class Thing:
    """One object.

    Args:
        label: Its class.
        parts: What it is made of.
    """

    label: Label
    parts: tuple[Part, ...]

    def placed(self, yaw: float, x: float, y: float, z: float = 0.0) -> "Thing":
        """The thing turned around the z axis and then moved."""
        turn, offset = turned(yaw), np.array([x, y, z])
        return Thing(self.label, tuple(part.placed(turn, offset) for part in self.parts))


@dataclass(frozen=True, slots=True)
class Group:
    """Things that are put into a room together.

    They stand around (0, 0), on z = 0, with their backs at y = `depth` / 2.

    Args:
        things: The things.
        width: Extent along x, meters.
        depth: Extent along y, meters.
        height: Extent along z, meters.
        front: Depth of the floor that must stay free before it, meters.
        lift: Height at which it hangs, meters.
    """

    things: tuple[Thing, ...]
    width: float
    depth: float
    height: float
    front: float = 0.0
    lift: float = 0.0

    def placed(self, yaw: float, x: float, y: float) -> list[Thing]:
        """Its things turned around the z axis and then moved."""
        return [thing.placed(yaw, x, y, self.lift) for thing in self.things]


def single(
    label: Label, parts: Iterable[Part], size: tuple[float, float, float], *, front: float = 0.0,
    lift: float = 0.0,
) -> Group:  # fmt: skip
    """A group of one thing.

    Args:
        label: Its class.
        parts: What it is made of.
        size: Extent along x, y and z, meters.
        front: Depth of the floor that must stay free before it, meters.
        lift: Height at which it hangs, meters.
    """
    return Group((Thing(label, tuple(parts)),), *size, front=front, lift=lift)
