"""Tables and desks, with objects on them."""

import numpy as np

from gaussrep_rooms.classes import Label
from gaussrep_rooms.floor_plan import Group, SceneObject
from gaussrep_rooms.furniture.clutter import spread
from gaussrep_rooms.furniture.elements import drawers, legs
from gaussrep_rooms.furniture.seating import dining_chair, office_chair
from gaussrep_rooms.materials import Style
from gaussrep_rooms.primitives import box, frustum

TUCKED = 0.16
"""How far chairs reach under tables, meters (design choice)."""


def dining_table(style: Style, rng: np.random.Generator) -> Group:
    """A table, round or not, with chairs around it."""
    height = rng.uniform(0.71, 0.77)
    if rng.random() < 0.3:
        width = depth = rng.uniform(0.95, 1.3)
        table, places = _round(width, height, style, rng), (1, 1, 1, 1)
    else:
        width, depth = rng.uniform([1.2, 0.8], [1.9, 1.0])
        table = _square(width, depth, height, style, rng)
        long, short = (2 if width > 1.35 else 1), int(rng.random() < 0.4)
        places = (long, short, long, short)
    chair = dining_chair(style, rng)
    objects = [
        table,
        *spread(width * 0.7, depth * 0.6, height, int(rng.integers(1, 5)), style, rng),
    ]
    for side, count in enumerate(places):
        along, across = (depth, width) if side % 2 else (width, depth)
        objects += _seated(chair, side, count, along, across, rng)
    margin = 2 * (chair.depth - TUCKED + 0.14)
    return Group(tuple(objects), width + margin * places[1], depth + margin, 1.0)


def _seated(
    chair: Group, side: int, count: int, along: float, across: float, rng: np.random.Generator
) -> list[SceneObject]:
    """Chairs along one side of a table; one in eight is missing."""
    seated = []
    for number in range(count):
        if rng.random() < 0.12:
            continue
        offset = ((number + 0.5) / count - 0.5) * 0.8 * along
        away = across / 2 + chair.depth / 2 - TUCKED + rng.uniform(0, 0.12)
        seat = chair.objects[0].placed(rng.uniform(-0.12, 0.12), offset, away)
        seated.append(seat.placed(side * np.pi / 2, 0.0, 0.0))
    return seated


def _square(
    width: float, depth: float, height: float, style: Style, rng: np.random.Generator
) -> SceneObject:
    wood, top = style.wood(rng), rng.uniform(0.025, 0.05)
    thick = rng.uniform(0.05, 0.08)
    primitives = legs(width, depth, height - top, thick, wood, round_=rng.random() < 0.3)
    primitives.append(box((0, 0, height - top), (width, depth, top), wood))
    apron = 0.07
    for side in (-1, 1):
        at = (0, side * (depth / 2 - 0.04), height - top - apron)
        primitives.append(box(at, (width - 2 * thick, 0.02, apron), wood))
    return SceneObject(Label.TABLE, tuple(primitives))


def _round(width: float, height: float, style: Style, rng: np.random.Generator) -> SceneObject:
    wood = style.wood(rng)
    foot = style.metal if rng.random() < 0.4 else wood
    return SceneObject(
        Label.TABLE,
        (
            frustum((0, 0, height - 0.03), (width, width, 0.03), wood),
            frustum((0, 0, 0.03), (0.1, 0.1, height - 0.06), foot),
            frustum((0, 0, 0), (0.5, 0.5, 0.04), foot, taper=0.3),
        ),
    )


def coffee_table(style: Style, rng: np.random.Generator) -> Group:
    """A low table with a shelf below its top."""
    width, depth, height = rng.uniform([0.7, 0.45, 0.36], [1.2, 0.65, 0.46])
    wood = style.wood(rng)
    if rng.random() < 0.3:
        depth = width = 0.75
        table = SceneObject(
            Label.TABLE,
            (
                frustum((0, 0, height - 0.04), (width, width, 0.04), wood),
                frustum((0, 0, 0), (0.4, 0.4, height - 0.04), wood, taper=0.5),
            ),
        )
    else:
        primitives = legs(width, depth, height - 0.04, 0.05, wood, round_=False)
        primitives.append(box((0, 0, height - 0.04), (width, depth, 0.04), wood))
        primitives.append(box((0, 0, 0.1), (width - 0.1, depth - 0.1, 0.02), wood))
        table = SceneObject(Label.TABLE, tuple(primitives))
    clutter = spread(width * 0.6, depth * 0.6, height, int(rng.integers(1, 4)), style, rng)
    return Group((table, *clutter), width, depth, height + 0.3)


def desk(style: Style, rng: np.random.Generator) -> Group:
    """A desk: a table's top on drawers and a side panel, closed at the back, with a chair."""
    width, depth, height = rng.uniform([1.1, 0.6, 0.7], [1.6, 0.75, 0.77])
    wood, side = style.wood(rng), rng.choice([-1, 1])
    chest, top = 0.4, 0.035
    primitives = [
        box((0, 0, height - top), (width, depth, top), wood),
        box((-side * (width / 2 - 0.015), 0, 0), (0.03, depth - 0.04, height - top), wood),
        box((0, depth / 2 - 0.08, 0.3), (width - 0.06, 0.02, height - top - 0.3), wood),
    ]
    at = (side * (width - chest) / 2, 0.0, 0.0)
    primitives += drawers(at, (chest, depth - 0.04, height - top), 3, wood, style.metal)
    objects = [SceneObject(Label.DESK, tuple(primitives))]
    objects += spread(
        width * 0.85, depth * 0.7, height, int(rng.integers(2, 6)), style, rng, work=True
    )
    chair = (office_chair if rng.random() < 0.6 else dining_chair)(style, rng)
    y = -depth / 2 - chair.depth / 2 + 0.05
    turn = np.pi + rng.uniform(-0.3, 0.3)
    objects.append(chair.objects[0].placed(turn, -side * chest / 2, y))
    back = chair.depth + 0.1
    moved = tuple(obj.placed(0.0, 0.0, back / 2) for obj in objects)
    return Group(moved, width, depth + back, height + 0.6, front=0.2)
