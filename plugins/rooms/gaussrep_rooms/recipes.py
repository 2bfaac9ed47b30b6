"""What is in a living room, a bedroom, a kitchen, a bathroom and a study."""

from collections.abc import Callable

import numpy as np

from gaussrep_rooms.classes import Label
from gaussrep_rooms.furniture import (
    bathroom,
    beds,
    clutter,
    kitchen,
    openings,
    seats,
    storage,
    tables,
)
from gaussrep_rooms.materials import draw_fabric
from gaussrep_rooms.parts import box
from gaussrep_rooms.plan import Plan
from gaussrep_rooms.shell import draw_shell
from gaussrep_rooms.style import Style, draw_style
from gaussrep_rooms.things import Group, Thing

Draw = Callable[[Style, np.random.Generator], Group]
Recipe = Callable[[Plan, Style, np.random.Generator], None]

LITTLE = (clutter.floor_lamp, clutter.potted_plant, clutter.carton, clutter.toy_ball, clutter.bin_)


def draw_plan(rng: np.random.Generator, kind: int) -> Plan:
    """Draw a furnished room.

    Args:
        rng: Source of randomness.
        kind: Which recipe, modulo their number.
    """
    recipe, low, high = RECIPES[kind % len(RECIPES)]
    plan = Plan(np.array([*rng.uniform(low, high, 2), rng.uniform(2.4, 2.7)]))
    style = draw_style(rng)
    draw_shell(plan, rng, tiled=recipe is _bathroom)
    plan.against_wall(openings.door(style, rng), rng)
    recipe(plan, style, rng)
    return plan


def _living_room(plan: Plan, style: Style, rng: np.random.Generator) -> None:
    _windows(plan, style, rng, 2)
    _along(plan, style, rng, [seats.sofa])
    _along(plan, style, rng, [storage.bookshelf, storage.sideboard, seats.armchair])
    if rng.random() < 0.6:
        _in_the_middle(plan, style, rng, tables.dining_table)
    _in_the_middle(plan, style, rng, tables.coffee_table)
    _some(plan, style, rng, [seats.sofa, seats.armchair, storage.bookshelf, tables.desk], 3)
    _finish(plan, style, rng, 4)


def _bedroom(plan: Plan, style: Style, rng: np.random.Generator) -> None:
    _windows(plan, style, rng, 1)
    _along(plan, style, rng, [beds.bed, storage.wardrobe, storage.nightstand])
    others = [tables.desk, storage.bookshelf, storage.sideboard, seats.armchair, beds.bed]
    _some(plan, style, rng, [*others, storage.nightstand], 3)
    _finish(plan, style, rng, 3)


def _kitchen(plan: Plan, style: Style, rng: np.random.Generator) -> None:
    _along(plan, style, rng, [kitchen.kitchen])
    _windows(plan, style, rng, 1)
    _along(plan, style, rng, [storage.refrigerator, storage.larder])
    _in_the_middle(plan, style, rng, tables.dining_table)
    _some(plan, style, rng, [storage.sideboard, storage.larder, storage.bookshelf], 2)
    _finish(plan, style, rng, 3)


def _bathroom(plan: Plan, style: Style, rng: np.random.Generator) -> None:
    _along(plan, style, rng, [bathroom.bathtub, bathroom.toilet, bathroom.washbasin])
    _some(plan, style, rng, [storage.nightstand, storage.larder, bathroom.washbasin], 1)
    for draw in (openings.panel, openings.small_window):
        plan.against_wall(draw(style, rng), rng)
    _finish(plan, style, rng, 2)


def _study(plan: Plan, style: Style, rng: np.random.Generator) -> None:
    _windows(plan, style, rng, 1)
    _along(plan, style, rng, [tables.desk, storage.bookshelf, tables.desk, storage.bookshelf])
    others = [storage.wardrobe, storage.sideboard, seats.sofa, seats.armchair, tables.desk]
    _some(plan, style, rng, others, 3)
    if rng.random() < 0.5:
        _in_the_middle(plan, style, rng, tables.dining_table)
    _finish(plan, style, rng, 3)


RECIPES: tuple[tuple[Recipe, float, float], ...] = (
    (_living_room, 4.0, 6.2),
    (_bedroom, 3.4, 4.8),
    (_kitchen, 3.6, 5.2),
    (_bathroom, 2.4, 3.4),
    (_study, 3.2, 5.0),
)
"""Kinds of rooms, each with the shortest and the longest of its walls, meters (ours)."""


def _along(plan: Plan, style: Style, rng: np.random.Generator, draws: list[Draw]) -> None:
    for draw in draws:
        plan.against_wall(draw(style, rng), rng)


def _in_the_middle(plan: Plan, style: Style, rng: np.random.Generator, draw: Draw) -> None:
    """Put one of four different draws into the middle, the first that fits."""
    any(plan.in_the_middle(draw(style, rng), rng) for _ in range(4))


def _some(
    plan: Plan, style: Style, rng: np.random.Generator, draws: list[Draw], count: int
) -> None:
    chosen = rng.permutation(len(draws))[:count]
    _along(plan, style, rng, [draws[number] for number in chosen])


def _windows(plan: Plan, style: Style, rng: np.random.Generator, count: int) -> None:
    _along(plan, style, rng, [openings.window] * count)


def _finish(plan: Plan, style: Style, rng: np.random.Generator, most: int) -> None:
    """Pictures, panels and small windows, things on the floor, and in some rooms a rug."""
    hung = [openings.picture, openings.picture, openings.panel, openings.small_window]
    _some(plan, style, rng, hung, 1 + most)
    _some(plan, style, rng, list(LITTLE), most)
    if rng.random() < 0.5:
        _lay_a_rug(plan, rng)


def _lay_a_rug(plan: Plan, rng: np.random.Generator) -> None:
    """A rug belongs to the floor, and furniture stands on it; its border is a second box."""
    size = plan.size[:2] * rng.uniform(0.35, 0.6, 2)
    x, y = plan.size[:2] / 2 + rng.uniform(-0.1, 0.1, 2) * plan.size[:2]
    cloth, border = draw_fabric(rng), draw_fabric(rng)
    outer = box((x, y, 0), (*size, 0.008), border)
    inner = box((x, y, 0), (*(size - 0.16), 0.011), cloth)
    number = next(i for i, thing in enumerate(plan.things) if thing.label == Label.FLOOR)
    floor = plan.things[number]
    plan.things[number] = Thing(floor.label, (*floor.parts, outer, inner))
