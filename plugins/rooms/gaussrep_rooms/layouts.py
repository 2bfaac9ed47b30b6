"""Layouts: the floors, walls and furniture of five kinds of rooms."""

from collections.abc import Callable

import numpy as np

from gaussrep_rooms.classes import Label
from gaussrep_rooms.floor_plan import FloorPlan, Group, SceneObject
from gaussrep_rooms.furniture import (
    clutter,
    fixtures,
    openings,
    seating,
    storage,
    tables,
)
from gaussrep_rooms.materials import (
    Material,
    Pattern,
    Style,
    draw_enamel,
    draw_fabric,
    draw_flooring,
    draw_paint,
    draw_style,
    draw_tiles,
    plain,
)
from gaussrep_rooms.primitives import Primitive, box

THICK = 0.1
"""Thickness of walls, floor and ceiling, meters; it is never visible."""


def draw_shell(plan: FloorPlan, rng: np.random.Generator, *, tiled: bool) -> None:
    """Add floor and walls, one object each, to a plan.

    Args:
        plan: Plan of an empty room.
        rng: Source of randomness.
        tiled: Whether floor and walls are tiled, as in bathrooms.
    """
    width, depth, height = plan.size
    floor = draw_tiles(rng) if tiled or rng.random() < 0.1 else draw_flooring(rng)
    ground = box((width / 2, depth / 2, -THICK), (width, depth, THICK), floor)
    plan.objects.append(SceneObject(Label.FLOOR, (ground,)))
    paint, accent = draw_paint(rng), draw_paint(rng)
    if rng.random() < 0.25:
        accent = Material(Pattern.STRIPES, paint.first, paint.second, rng.uniform(0.1, 0.3))
    skirting = draw_enamel(rng)
    tiles, special = draw_tiles(rng), int(rng.integers(4))
    for side in range(4):
        paper = accent if side == special else paint
        primitives = _wall(width, depth, height, side, paper, tiles if tiled else None, skirting)
        plan.objects.append(SceneObject(Label.WALL, tuple(primitives)))
    if not tiled and rng.random() < 0.4:
        _box_in_a_corner(plan, paint, rng)


def ceiling(size: np.ndarray) -> Primitive:
    """Make the ceiling of a room.

    Args:
        size: Extent of the room, meters.

    Returns:
        The ceiling.
    """
    width, depth, height = size
    return box((width / 2, depth / 2, height), (width, depth, THICK), plain((0.93, 0.93, 0.91)))


def _wall(
    width: float,
    depth: float,
    height: float,
    side: int,
    paper: Material,
    tiles: Material | None,
    skirting: Material,
) -> list[Primitive]:
    length, across = (width, depth) if side % 2 == 0 else (depth, width)
    edge = across / 2
    primitives = [box((0, edge + THICK / 2, 0), (length + 2 * THICK, THICK, height), paper)]
    if tiles is None:
        primitives.append(box((0, edge - 0.007, 0), (length, 0.014, 0.08), skirting))
    else:
        primitives.append(box((0, edge - 0.004, 0), (length, 0.008, 0.65 * height), tiles))
    wall = SceneObject(Label.WALL, tuple(primitives)).placed(side * np.pi / 2, width / 2, depth / 2)
    return list(wall.primitives)


def _box_in_a_corner(plan: FloorPlan, paint: Material, rng: np.random.Generator) -> None:
    """Add a chimney or a shaft."""
    width, depth, height = plan.size
    long, deep = rng.uniform(0.3, 0.9, 2)
    x, y = rng.choice([0, 1], 2) * [width - long, depth - deep]
    shaft = box((x + long / 2, y + deep / 2, 0), (long, deep, height), paint)
    plan.add([SceneObject(Label.WALL, (shaft,))], (x, y, 0), (x + long, y + deep, height))


Draw = Callable[[Style, np.random.Generator], Group]
Layout = Callable[[FloorPlan, Style, np.random.Generator], None]

SMALL_OBJECTS = (
    clutter.floor_lamp,
    clutter.potted_plant,
    clutter.carton,
    clutter.toy_ball,
    clutter.bin_,
)


def draw_layout(rng: np.random.Generator, kind: int) -> FloorPlan:
    """Draw a furnished room.

    Args:
        rng: Source of randomness.
        kind: Index of the layout, modulo their number.

    Returns:
        The floor plan.
    """
    layout, low, high = LAYOUTS[kind % len(LAYOUTS)]
    plan = FloorPlan(np.array([*rng.uniform(low, high, 2), rng.uniform(2.4, 2.7)]))
    style = draw_style(rng)
    draw_shell(plan, rng, tiled=layout is _bathroom)
    plan.against_wall(openings.door(style, rng), rng)
    layout(plan, style, rng)
    return plan


def _living_room(plan: FloorPlan, style: Style, rng: np.random.Generator) -> None:
    _windows(plan, style, rng, 2)
    _along(plan, style, rng, [seating.sofa])
    _along(plan, style, rng, [storage.bookshelf, storage.sideboard, seating.armchair])
    if rng.random() < 0.6:
        _in_the_middle(plan, style, rng, tables.dining_table)
    _in_the_middle(plan, style, rng, tables.coffee_table)
    _some(plan, style, rng, [seating.sofa, seating.armchair, storage.bookshelf, tables.desk], 3)
    _finish(plan, style, rng, 4)


def _bedroom(plan: FloorPlan, style: Style, rng: np.random.Generator) -> None:
    _windows(plan, style, rng, 1)
    _along(plan, style, rng, [seating.bed, storage.wardrobe, storage.nightstand])
    others = [tables.desk, storage.bookshelf, storage.sideboard, seating.armchair, seating.bed]
    _some(plan, style, rng, [*others, storage.nightstand], 3)
    _finish(plan, style, rng, 3)


def _kitchen(plan: FloorPlan, style: Style, rng: np.random.Generator) -> None:
    _along(plan, style, rng, [fixtures.kitchen])
    _windows(plan, style, rng, 1)
    _along(plan, style, rng, [storage.refrigerator, storage.larder])
    _in_the_middle(plan, style, rng, tables.dining_table)
    _some(plan, style, rng, [storage.sideboard, storage.larder, storage.bookshelf], 2)
    _finish(plan, style, rng, 3)


def _bathroom(plan: FloorPlan, style: Style, rng: np.random.Generator) -> None:
    _along(plan, style, rng, [fixtures.bathtub, fixtures.toilet, fixtures.washbasin])
    _some(plan, style, rng, [storage.nightstand, storage.larder, fixtures.washbasin], 1)
    for draw in (openings.panel, openings.small_window):
        plan.against_wall(draw(style, rng), rng)
    _finish(plan, style, rng, 2)


def _study(plan: FloorPlan, style: Style, rng: np.random.Generator) -> None:
    _windows(plan, style, rng, 1)
    _along(plan, style, rng, [tables.desk, storage.bookshelf, tables.desk, storage.bookshelf])
    others = [storage.wardrobe, storage.sideboard, seating.sofa, seating.armchair, tables.desk]
    _some(plan, style, rng, others, 3)
    if rng.random() < 0.5:
        _in_the_middle(plan, style, rng, tables.dining_table)
    _finish(plan, style, rng, 3)


LAYOUTS: tuple[tuple[Layout, float, float], ...] = (
    (_living_room, 4.0, 6.2),
    (_bedroom, 3.4, 4.8),
    (_kitchen, 3.6, 5.2),
    (_bathroom, 2.4, 3.4),
    (_study, 3.2, 5.0),
)
"""Kinds of rooms, each with the shortest and the longest of its walls, meters (design choice)."""


def _along(plan: FloorPlan, style: Style, rng: np.random.Generator, draws: list[Draw]) -> None:
    for draw in draws:
        plan.against_wall(draw(style, rng), rng)


def _in_the_middle(plan: FloorPlan, style: Style, rng: np.random.Generator, draw: Draw) -> None:
    """Place the first of four draws that fits in the middle."""
    any(plan.in_the_middle(draw(style, rng), rng) for _ in range(4))


def _some(
    plan: FloorPlan, style: Style, rng: np.random.Generator, draws: list[Draw], count: int
) -> None:
    chosen = rng.permutation(len(draws))[:count]
    _along(plan, style, rng, [draws[number] for number in chosen])


def _windows(plan: FloorPlan, style: Style, rng: np.random.Generator, count: int) -> None:
    _along(plan, style, rng, [openings.window] * count)


def _finish(plan: FloorPlan, style: Style, rng: np.random.Generator, count: int) -> None:
    """Add pictures, panels, small windows, small objects on the floor, and sometimes a rug."""
    hung = [openings.picture, openings.picture, openings.panel, openings.small_window]
    _some(plan, style, rng, hung, 1 + count)
    _some(plan, style, rng, list(SMALL_OBJECTS), count)
    if rng.random() < 0.5:
        _lay_a_rug(plan, rng)


def _lay_a_rug(plan: FloorPlan, rng: np.random.Generator) -> None:
    """Add a rug to the floor object, under the furniture; its border is a second box."""
    size = plan.size[:2] * rng.uniform(0.35, 0.6, 2)
    x, y = plan.size[:2] / 2 + rng.uniform(-0.1, 0.1, 2) * plan.size[:2]
    cloth, border = draw_fabric(rng), draw_fabric(rng)
    outer = box((x, y, 0), (*size, 0.008), border)
    inner = box((x, y, 0), (*(size - 0.16), 0.011), cloth)
    number = next(i for i, obj in enumerate(plan.objects) if obj.label == Label.FLOOR)
    floor = plan.objects[number]
    plan.objects[number] = SceneObject(floor.label, (*floor.primitives, outer, inner))
