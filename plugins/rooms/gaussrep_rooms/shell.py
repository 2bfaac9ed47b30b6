"""The empty room: floor, walls, a boxed-in corner, the ceiling."""

import numpy as np

from gaussrep_rooms.classes import Label
from gaussrep_rooms.materials import (
    Material,
    Pattern,
    draw_enamel,
    draw_flooring,
    draw_paint,
    draw_tiles,
    plain,
)
from gaussrep_rooms.parts import Part, box
from gaussrep_rooms.plan import Plan
from gaussrep_rooms.things import Thing

THICK = 0.1
"""Thickness of walls, floor and ceiling, meters; nobody sees it."""


def draw_shell(plan: Plan, rng: np.random.Generator, *, tiled: bool) -> None:
    """Put floor and walls, one thing each, into a plan.

    Args:
        plan: Of an empty room.
        rng: Source of randomness.
        tiled: Whether floor and walls are tiled, as in bathrooms.
    """
    width, depth, height = plan.size
    floor = draw_tiles(rng) if tiled or rng.random() < 0.1 else draw_flooring(rng)
    ground = box((width / 2, depth / 2, -THICK), (width, depth, THICK), floor)
    plan.things.append(Thing(Label.FLOOR, (ground,)))
    paint, accent = draw_paint(rng), draw_paint(rng)
    if rng.random() < 0.25:
        accent = Material(Pattern.STRIPES, paint.first, paint.second, rng.uniform(0.1, 0.3))
    skirting = draw_enamel(rng)
    tiles, special = draw_tiles(rng), int(rng.integers(4))
    for side in range(4):
        paper = accent if side == special else paint
        parts = _wall(width, depth, height, side, paper, tiles if tiled else None, skirting)
        plan.things.append(Thing(Label.WALL, tuple(parts)))
    if not tiled and rng.random() < 0.4:
        _box_in_a_corner(plan, paint, rng)


def ceiling(size: np.ndarray) -> Part:
    """The ceiling of a room.

    Args:
        size: Extent of the room, meters.
    """
    width, depth, height = size
    return box((width / 2, depth / 2, height), (width, depth, THICK), plain((0.93, 0.93, 0.91)))


def _wall(
    width: float, depth: float, height: float, side: int, paper: Material, tiles: Material | None,
    skirting: Material,
) -> list[Part]:  # fmt: skip
    length, across = (width, depth) if side % 2 == 0 else (depth, width)
    edge = across / 2
    parts = [box((0, edge + THICK / 2, 0), (length + 2 * THICK, THICK, height), paper)]
    if tiles is None:
        parts.append(box((0, edge - 0.007, 0), (length, 0.014, 0.08), skirting))
    else:
        parts.append(box((0, edge - 0.004, 0), (length, 0.008, 0.65 * height), tiles))
    wall = Thing(Label.WALL, tuple(parts)).placed(side * np.pi / 2, width / 2, depth / 2)
    return list(wall.parts)


def _box_in_a_corner(plan: Plan, paint: Material, rng: np.random.Generator) -> None:
    """A chimney or a shaft."""
    width, depth, height = plan.size
    long, deep = rng.uniform(0.3, 0.9, 2)
    x, y = rng.choice([0, 1], 2) * [width - long, depth - deep]
    shaft = box((x + long / 2, y + deep / 2, 0), (long, deep, height), paint)
    plan.add([Thing(Label.WALL, (shaft,))], (x, y, 0), (x + long, y + deep, height))
