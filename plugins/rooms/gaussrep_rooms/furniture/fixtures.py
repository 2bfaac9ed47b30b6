"""Fixtures of kitchens and bathrooms."""

import numpy as np

from gaussrep_rooms.classes import Label
from gaussrep_rooms.floor_plan import Group, SceneObject, single
from gaussrep_rooms.furniture.clutter import spread
from gaussrep_rooms.furniture.elements import doors, drawers, folds
from gaussrep_rooms.materials import Material, Style, draw_enamel, draw_stone, plain
from gaussrep_rooms.primitives import Primitive, ball, bowl, box, frustum

UNIT = 0.6
"""Width of a cabinet, meters (design choice)."""
SLAB = 0.04
"""Thickness of the counter, meters (design choice)."""
BASIN = (0.46, 0.36, 0.17)
"""Extent of a kitchen sink, meters (design choice)."""


def kitchen(style: Style, rng: np.random.Generator) -> Group:
    """A row of cabinets, the counter on them with a sink in it, and cabinets on the wall."""
    units, depth, height = int(rng.integers(3, 5)), 0.6, rng.uniform(0.86, 0.92)
    width, low = units * UNIT, height - SLAB
    front = style.woods[2] if rng.random() < 0.6 else style.wood(rng)
    sink = int(rng.integers(0, units))
    objects, stone = [], draw_stone(rng)
    for unit in range(units):
        x = (unit + 0.5) * UNIT - width / 2
        primitives = _unit(x, depth, low, unit == sink, front, style, rng)
        objects.append(SceneObject(Label.CABINET, tuple(primitives)))
    middle = (sink + 0.5) * UNIT - width / 2
    objects.append(SceneObject(Label.COUNTER, tuple(_slab(width, depth, low, middle, stone))))
    steel = plain((0.75, 0.76, 0.78)) if rng.random() < 0.6 else draw_enamel(rng)
    objects.append(SceneObject(Label.SINK, tuple(_basin(middle, height, steel, style))))
    for unit in range(units):
        if unit != sink and rng.random() < 0.55:
            x = (unit + 0.5) * UNIT - width / 2
            small = spread(0.4, 0.4, height, 1, style, rng)
            objects += [obj.placed(0.0, x, 0.0) for obj in small]
    if rng.random() < 0.75:
        bottom, tall = rng.uniform(1.42, 1.5), rng.uniform(0.5, 0.65)
        size = (width, 0.33, tall)
        hung = doors((0, (depth - 0.33) / 2, bottom), size, units, front, style.metal, handle=0.2)
        objects.append(SceneObject(Label.CABINET, tuple(hung)))
    return Group(tuple(objects), width, depth + 0.06, 2.15, front=0.6)


def _unit(x, depth, low, wet, front, style, rng) -> list[Primitive]:
    """A cabinet; under the sink it leaves room for the basin."""
    deep = depth - 0.02
    if not wet:
        size = (UNIT, deep, low)
        draw = drawers if rng.random() < 0.35 else doors
        return draw((x, 0.01, 0), size, 3 if draw is drawers else 1, front, style.metal)
    size = (UNIT, deep, low - BASIN[2])
    primitives = doors((x, 0.01, 0), size, 2, front, style.metal, handle=0.8)
    primitives.append(box((x, -deep / 2 + 0.03, low - BASIN[2]), (UNIT, 0.04, BASIN[2]), front))
    for side in (-1, 1):
        at = (x + side * (UNIT / 2 - 0.015), 0.03, low - BASIN[2])
        primitives.append(box(at, (0.03, deep - 0.06, BASIN[2]), front))
    return primitives


def _slab(width, depth, low, middle, stone) -> list[Primitive]:
    """The counter: four boxes around the sink."""
    left, right = middle - BASIN[0] / 2 + width / 2, width / 2 - middle - BASIN[0] / 2
    rim = (depth - BASIN[1]) / 2
    primitives = [
        box((middle, side * (depth - rim) / 2, low), (BASIN[0], rim, SLAB), stone)
        for side in (-1, 1)
    ]
    primitives.append(box((-width / 2 + left / 2, 0, low), (left, depth, SLAB), stone))
    primitives.append(box((width / 2 - right / 2, 0, low), (right, depth, SLAB), stone))
    return primitives


def _basin(x, height, steel, style) -> list[Primitive]:
    """An open box that hangs in the counter by its rim, and a tap."""
    wide, deep, down = BASIN
    thick, floor = 0.012, height - down
    primitives = [box((x, 0, floor), (wide, deep, thick), steel)]
    for side in (-1, 1):
        wall = (thick, deep, down - thick + 0.004)
        primitives.append(box((x + side * (wide - thick) / 2, 0, floor + thick), wall, steel))
        wall = (wide - 2 * thick, thick, down - thick + 0.004)
        primitives.append(box((x, side * (deep - thick) / 2, floor + thick), wall, steel))
    back = deep / 2 + 0.04
    primitives.append(frustum((x, back, height), (0.03, 0.03, 0.22), style.metal))
    spout = (0.025, 0.2, 0.025)
    primitives.append(frustum((x, back - 0.09, height + 0.2), spout, style.metal, along=1))
    return primitives


def toilet(style: Style, rng: np.random.Generator) -> Group:
    """A bowl on a foot, with a seat, a lid that is open or closed, and a tank."""
    white, width, seat = draw_enamel(rng), rng.uniform(0.36, 0.4), rng.uniform(0.4, 0.45)
    length, tank = rng.uniform(0.46, 0.52), rng.uniform(0.16, 0.2)
    y, front = 0.33 - tank, -0.33 + length / 2
    primitives = [
        frustum((0, front + 0.06, 0), (0.26, 0.4, 0.2), white, taper=0.15),
        frustum((0, front, 0.14), (width, length, seat - 0.16), white, taper=-0.35),
        frustum((0, front, seat - 0.02), (width + 0.01, length + 0.01, 0.02), white),
        box((0, 0.33 - tank / 2, seat - 0.04), (width, tank, 0.4), white),
        box((0, 0.33 - tank / 2, seat + 0.36), (width + 0.02, tank, 0.03), white),
        box((0, (front + 0.33) / 2 + 0.08, 0.0), (0.22, 0.33 - front - 0.16, seat - 0.04), white),
    ]
    if rng.random() < 0.5:
        lid = frustum((0, y - 0.035, seat), (width, 0.03, 0.38), white, along=1)
        primitives.append(lid)
    else:
        primitives.append(
            frustum((0, front, seat), (width, length - 0.02, 0.025), white, taper=0.05)
        )
    primitives.append(ball((0.1, 0.33 - tank / 2, seat + 0.38), (0.04, 0.04, 0.03), style.metal))
    return single(Label.TOILET, primitives, (width + 0.04, 0.68, seat + 0.45), front=0.4)


def washbasin(style: Style, rng: np.random.Generator) -> Group:
    """A round basin on a foot, or sunk into a counter on a cabinet; with a tap."""
    white, height = draw_enamel(rng), rng.uniform(0.8, 0.88)
    width, depth, down = rng.uniform([0.46, 0.38, 0.14], [0.56, 0.46, 0.17])
    basin = [bowl((0, -0.02, height - down), (width, depth, down), white)]
    basin += _tap(depth / 2 + 0.01, height, style)
    if rng.random() < 0.55:
        basin.append(frustum((0, 0.0, 0), (0.22, 0.2, height - down + 0.01), white, taper=0.25))
        basin.append(box((0, depth / 2 + 0.02, height - 0.07), (0.3, 0.08, 0.07), white))
        size = (width, depth + 0.12, height + 0.2)
        return single(Label.SINK, basin, size, front=0.5)
    wide, deep, low = rng.uniform(0.6, 1.0), depth + 0.14, height - down - 0.02
    chest = doors((0, 0.02, 0), (wide, deep, low - 0.03), 2, style.wood(rng), style.metal)
    slab = box((0, 0.02, low - 0.03), (wide, deep, 0.03), draw_stone(rng))
    foot = frustum((0, -0.02, low), (0.2, 0.2, 0.03), white)
    objects = (
        SceneObject(Label.SINK, (*basin, foot)),
        SceneObject(Label.CABINET, tuple(chest)),
        SceneObject(Label.COUNTER, (slab,)),
    )
    return Group(objects, wide, deep + 0.08, height + 0.2, front=0.5)


def _tap(y: float, height: float, style: Style) -> list[Primitive]:
    return [
        frustum((0, y, height - 0.02), (0.03, 0.03, 0.14), style.metal),
        frustum((0, y - 0.06, height + 0.1), (0.025, 0.14, 0.025), style.metal, along=1),
    ]


def bathtub(style: Style, rng: np.random.Generator) -> Group:
    """A bathtub along the wall, in most cases with a curtain before it."""
    length, depth, height = rng.uniform([1.5, 0.7, 0.5], [1.75, 0.8, 0.6])
    white, rim = draw_enamel(rng), 0.07
    tub = _tub(length, depth, height, rim, white)
    tub += [
        frustum((length / 2 - rim / 2, 0, height), (0.03, 0.03, 0.15), style.metal),
        frustum((length / 2 - 0.1, 0, height + 0.13), (0.16, 0.025, 0.025), style.metal, along=0),
    ]
    objects, top = [SceneObject(Label.BATHTUB, tuple(tub))], height + 0.2
    if rng.random() < 0.85:
        top, share = rng.uniform(1.85, 2.0), rng.uniform(0.3, 0.7)
        wide = share * length
        x, y = -(length - wide) / 2 + rng.choice([0, 1]) * (length - wide), -depth / 2 - 0.045
        cloth = style.fabric(rng)
        hung = folds((x, y), wide, 0.15, top - 0.04, cloth)
        rod = frustum((0, y, top - 0.03), (length, 0.03, 0.03), style.metal, along=0)
        objects.append(SceneObject(Label.SHOWER_CURTAIN, (*hung, rod)))
    moved = tuple(obj.placed(0.0, 0.0, 0.05) for obj in objects)
    return Group(moved, length, depth + 0.12, top, front=0.4)


def _tub(
    length: float, depth: float, height: float, rim: float, white: Material
) -> list[Primitive]:
    primitives = [box((0, 0, 0), (length, depth, 0.12), white)]
    for side in (-1, 1):
        wall = (rim, depth, height - 0.12)
        primitives.append(box((side * (length - rim) / 2, 0, 0.12), wall, white))
        wall = (length - 2 * rim, rim, height - 0.12)
        primitives.append(box((0, side * (depth - rim) / 2, 0.12), wall, white))
    return primitives
