"""Small objects, on tables and on the floor; ScanNet's `otherfurniture`."""

from collections.abc import Callable

import numpy as np

from gaussrep_rooms.classes import Label
from gaussrep_rooms.floor_plan import Group, SceneObject, single
from gaussrep_rooms.materials import Style, draw_enamel, draw_vivid, draw_wood, oklab, plain
from gaussrep_rooms.primitives import Primitive, ball, bowl, box, frustum

Draw = Callable[[Style, np.random.Generator], list[Primitive]]

SPACE = 0.3
"""Side of the square that an object on a table has to itself, meters (design choice)."""


def spread(
    width: float,
    depth: float,
    height: float,
    count: int,
    style: Style,
    rng: np.random.Generator,
    *,
    work: bool = False,
) -> list[SceneObject]:
    """Place small objects on a surface, each in its own cell.

    Args:
        width: Width of the surface around (0, 0), meters.
        depth: Depth of the surface, meters.
        height: Height of the surface, meters.
        count: Maximum number of objects.
        style: Style of the room.
        rng: Source of randomness.
        work: Whether screens are allowed.

    Returns:
        The objects.
    """
    columns, rows = max(1, int(width / SPACE)), max(1, int(depth / SPACE))
    cells = rng.permutation(columns * rows)[:count]
    draws = (_books, _cup, _bowl, _plant, _lamp, _carton, *((_screen,) * 3 * work))
    objects = []
    for cell in cells:
        x = ((cell % columns) + 0.5) / columns * width - width / 2
        y = ((cell // columns) + 0.5) / rows * depth - depth / 2
        primitives = draws[rng.integers(len(draws))](style, rng)
        turn = rng.uniform(-0.35, 0.35)
        objects.append(SceneObject(Label.OTHER, tuple(primitives)).placed(turn, x, y, height))
    return objects


def _books(style: Style, rng: np.random.Generator) -> list[Primitive]:
    primitives, z = [], 0.0
    for _ in range(rng.integers(1, 5)):
        thick = rng.uniform(0.015, 0.04)
        size = (rng.uniform(0.15, 0.2), rng.uniform(0.12, 0.15), thick)
        primitives.append(box((0, 0, z), size, draw_vivid(rng), yaw=rng.uniform(-0.3, 0.3)))
        z += thick
    return primitives


def _cup(style: Style, rng: np.random.Generator) -> list[Primitive]:
    wide, tall = rng.uniform(0.07, 0.1), rng.uniform(0.08, 0.22)
    return [frustum((0, 0, 0), (wide, wide, tall), draw_vivid(rng), taper=-rng.uniform(0, 0.3))]


def _bowl(style: Style, rng: np.random.Generator) -> list[Primitive]:
    wide, fruit = rng.uniform(0.18, 0.24), draw_vivid(rng)
    balls = [ball((x, y, 0.03), (0.07, 0.07, 0.07), fruit) for x, y in ((0.035, 0), (-0.03, 0.02))]
    return [bowl((0, 0, 0.001), (wide, wide, 0.08), draw_enamel(rng)), *balls]


def _plant(style: Style, rng: np.random.Generator, size: float = 0.22) -> list[Primitive]:
    green = plain(oklab(rng.uniform(0.45, 0.65), rng.uniform(0.08, 0.13), rng.uniform(2.1, 2.6)))
    pot = 0.45 * size
    primitives = [frustum((0, 0, 0), (pot, pot, 0.5 * size), draw_vivid(rng), taper=-0.3)]
    for _ in range(7):
        turn, out = rng.uniform(0, 6.28), rng.uniform(0.05, 0.28) * size
        at = (out * np.cos(turn), out * np.sin(turn), rng.uniform(0.45, 1.0) * size)
        leaf = size * rng.uniform([0.2, 0.2, 0.3], [0.4, 0.4, 0.6])
        primitives.append(ball(at, leaf, green))
    return primitives


def _lamp(style: Style, rng: np.random.Generator) -> list[Primitive]:
    shade = plain(oklab(rng.uniform(0.85, 0.97), 0.05, rng.uniform(0.8, 1.8)), glow=0.6)
    tall = rng.uniform(0.32, 0.45)
    return [
        frustum((0, 0, 0), (0.13, 0.13, 0.02), style.metal),
        frustum((0, 0, 0.02), (0.025, 0.025, tall - 0.2), style.metal),
        frustum((0, 0, tall - 0.18), (0.22, 0.22, 0.18), shade, taper=0.4),
    ]


def _carton(style: Style, rng: np.random.Generator) -> list[Primitive]:
    return [box((0, 0, 0), rng.uniform([0.1, 0.1, 0.06], [0.2, 0.17, 0.2]), draw_vivid(rng))]


def _screen(style: Style, rng: np.random.Generator) -> list[Primitive]:
    wide, dark = 0.27, plain((0.05, 0.05, 0.06))
    picture = plain(oklab(rng.uniform(0.3, 0.8), 0.08, rng.uniform(0, 6.28)), glow=0.7)
    return [
        box((0, 0.05, 0), (0.16, 0.12, 0.012), dark),
        box((0, 0.08, 0.012), (0.03, 0.02, 0.1), dark),
        box((0, 0.06, 0.08), (wide, 0.03, 0.2), dark),
        box((0, 0.044, 0.09), (wide - 0.02, 0.004, 0.18), picture),
    ]


def floor_lamp(style: Style, rng: np.random.Generator) -> Group:
    """A lamp as tall as a person."""
    tall = rng.uniform(1.4, 1.75)
    shade = plain(oklab(rng.uniform(0.85, 0.97), 0.05, rng.uniform(0.8, 1.8)), glow=0.6)
    primitives = [
        frustum((0, 0, 0), (0.28, 0.28, 0.03), style.metal),
        frustum((0, 0, 0.03), (0.03, 0.03, tall - 0.3), style.metal),
        frustum((0, 0, tall - 0.28), (0.36, 0.36, 0.28), shade, taper=0.35),
    ]
    return single(Label.OTHER, primitives, (0.36, 0.36, tall))


def potted_plant(style: Style, rng: np.random.Generator) -> Group:
    """A plant on the floor."""
    size = rng.uniform(0.6, 1.0)
    return single(Label.OTHER, _plant(style, rng, size), (size, size, 1.7 * size))


def carton(style: Style, rng: np.random.Generator) -> Group:
    """A box on the floor, sometimes with a second one on it."""
    size = rng.uniform([0.3, 0.3, 0.2], [0.55, 0.45, 0.45])
    material = draw_vivid(rng) if rng.random() < 0.5 else plain(oklab(0.65, 0.06, 1.2))
    primitives = [box((0, 0, 0), size, material)]
    if rng.random() < 0.4:
        upper = (0.7 * size[0], 0.7 * size[1], 0.2)
        primitives.append(box((0, 0, size[2]), upper, material, yaw=rng.uniform(-0.2, 0.2)))
    return single(Label.OTHER, primitives, (size[0], size[1], size[2] + 0.2))


def toy_ball(style: Style, rng: np.random.Generator) -> Group:
    """A ball on the floor."""
    size = rng.uniform(0.18, 0.4)
    extent = (size, size, size)
    return single(Label.OTHER, [ball((0, 0, 0), extent, style.fabric(rng))], extent)


def bin_(style: Style, rng: np.random.Generator) -> Group:
    """A bin, or a laundry basket."""
    wide, tall = rng.uniform(0.25, 0.4), rng.uniform(0.3, 0.6)
    material = draw_wood(rng) if rng.random() < 0.4 else draw_vivid(rng)
    primitives = [frustum((0, 0, 0), (wide, wide, tall), material, taper=-0.2)]
    return single(Label.OTHER, primitives, (wide, wide, tall))
