"""Rows of kitchen cabinets under a counter."""

import numpy as np

from gaussrep_rooms.classes import Label
from gaussrep_rooms.furniture.clutter import spread
from gaussrep_rooms.furniture.fronts import doors, drawers
from gaussrep_rooms.materials import draw_enamel, draw_stone, plain
from gaussrep_rooms.parts import Part, box, frustum
from gaussrep_rooms.style import Style
from gaussrep_rooms.things import Group, Thing

UNIT = 0.6
"""Width of a cabinet, meters (ours)."""
SLAB = 0.04
"""Thickness of the counter, meters (ours)."""
BASIN = (0.46, 0.36, 0.17)
"""Extent of a kitchen sink, meters (ours)."""


def kitchen(style: Style, rng: np.random.Generator) -> Group:
    """A row of cabinets, the counter on them with a sink in it, and cabinets on the wall."""
    units, depth, height = int(rng.integers(3, 5)), 0.6, rng.uniform(0.86, 0.92)
    width, low = units * UNIT, height - SLAB
    front = style.woods[2] if rng.random() < 0.6 else style.wood(rng)
    sink = int(rng.integers(0, units))
    things, stone = [], draw_stone(rng)
    for unit in range(units):
        x = (unit + 0.5) * UNIT - width / 2
        parts = _unit(x, depth, low, unit == sink, front, style, rng)
        things.append(Thing(Label.CABINET, tuple(parts)))
    middle = (sink + 0.5) * UNIT - width / 2
    things.append(Thing(Label.COUNTER, tuple(_slab(width, depth, low, middle, stone))))
    steel = plain((0.75, 0.76, 0.78)) if rng.random() < 0.6 else draw_enamel(rng)
    things.append(Thing(Label.SINK, tuple(_basin(middle, height, steel, style))))
    for unit in range(units):
        if unit != sink and rng.random() < 0.55:
            x = (unit + 0.5) * UNIT - width / 2
            small = spread(0.4, 0.4, height, 1, style, rng)
            things += [thing.placed(0.0, x, 0.0) for thing in small]
    if rng.random() < 0.75:
        bottom, tall = rng.uniform(1.42, 1.5), rng.uniform(0.5, 0.65)
        size = (width, 0.33, tall)
        hung = doors((0, (depth - 0.33) / 2, bottom), size, units, front, style.metal, handle=0.2)
        things.append(Thing(Label.CABINET, tuple(hung)))
    return Group(tuple(things), width, depth + 0.06, 2.15, front=0.6)


def _unit(x, depth, low, wet, front, style, rng) -> list[Part]:
    """A cabinet; under the sink it leaves room for the basin."""
    deep = depth - 0.02
    if not wet:
        size = (UNIT, deep, low)
        draw = drawers if rng.random() < 0.35 else doors
        return draw((x, 0.01, 0), size, 3 if draw is drawers else 1, front, style.metal)
    size = (UNIT, deep, low - BASIN[2])
    parts = doors((x, 0.01, 0), size, 2, front, style.metal, handle=0.8)
    parts.append(box((x, -deep / 2 + 0.03, low - BASIN[2]), (UNIT, 0.04, BASIN[2]), front))
    for side in (-1, 1):
        at = (x + side * (UNIT / 2 - 0.015), 0.03, low - BASIN[2])
        parts.append(box(at, (0.03, deep - 0.06, BASIN[2]), front))
    return parts


def _slab(width, depth, low, middle, stone) -> list[Part]:
    """The counter: four boxes around the sink."""
    left, right = middle - BASIN[0] / 2 + width / 2, width / 2 - middle - BASIN[0] / 2
    rim = (depth - BASIN[1]) / 2
    parts = [
        box((middle, side * (depth - rim) / 2, low), (BASIN[0], rim, SLAB), stone)
        for side in (-1, 1)
    ]
    parts.append(box((-width / 2 + left / 2, 0, low), (left, depth, SLAB), stone))
    parts.append(box((width / 2 - right / 2, 0, low), (right, depth, SLAB), stone))
    return parts


def _basin(x, height, steel, style) -> list[Part]:
    """An open box that hangs in the counter by its rim, and a tap."""
    wide, deep, down = BASIN
    thick, floor = 0.012, height - down
    parts = [box((x, 0, floor), (wide, deep, thick), steel)]
    for side in (-1, 1):
        wall = (thick, deep, down - thick + 0.004)
        parts.append(box((x + side * (wide - thick) / 2, 0, floor + thick), wall, steel))
        wall = (wide - 2 * thick, thick, down - thick + 0.004)
        parts.append(box((x, side * (deep - thick) / 2, floor + thick), wall, steel))
    back = deep / 2 + 0.04
    parts.append(frustum((x, back, height), (0.03, 0.03, 0.22), style.metal))
    spout = (0.025, 0.2, 0.025)
    parts.append(frustum((x, back - 0.09, height + 0.2), spout, style.metal, along=1))
    return parts
