"""Cabinets, refrigerators and bookshelves."""

import numpy as np

from gaussrep_rooms.classes import Label
from gaussrep_rooms.floor_plan import Group, SceneObject, single
from gaussrep_rooms.furniture.clutter import spread
from gaussrep_rooms.furniture.elements import doors, drawers
from gaussrep_rooms.materials import (
    Material,
    Pattern,
    Style,
    draw_enamel,
    draw_vivid,
    plain,
    special,
)
from gaussrep_rooms.primitives import Primitive, box


def sideboard(style: Style, rng: np.random.Generator) -> Group:
    """A low cabinet with drawers or doors, and objects on it."""
    width, depth, height = rng.uniform([0.8, 0.38, 0.6], [1.5, 0.5, 0.95])
    wood, columns = style.wood(rng), int(rng.integers(2, 4))
    size = (width, depth, height)
    if rng.random() < 0.5:
        primitives = doors((0, 0, 0), size, columns, wood, style.metal, handle=0.7)
    else:
        primitives = drawers((0, 0, 0), size, columns + 1, wood, style.metal)
    objects = spread(width * 0.8, depth * 0.6, height, int(rng.integers(0, 4)), style, rng)
    cabinet = SceneObject(Label.CABINET, tuple(primitives))
    return Group((cabinet, *objects), width, depth + 0.05, height + 0.45, front=0.3)


def nightstand(style: Style, rng: np.random.Generator) -> Group:
    """A small cabinet with an object on it."""
    size = rng.uniform([0.38, 0.34, 0.42], [0.5, 0.42, 0.58])
    primitives = drawers((0, 0, 0), size, 2, style.wood(rng), style.metal)
    objects = spread(0.3, 0.3, size[2], 1, style, rng)
    cabinet = SceneObject(Label.CABINET, tuple(primitives))
    return Group((cabinet, *objects), size[0], size[1] + 0.05, size[2] + 0.45)


def wardrobe(style: Style, rng: np.random.Generator) -> Group:
    """A tall, wide cabinet with doors."""
    width, depth, height = rng.uniform([0.9, 0.5, 1.8], [1.6, 0.62, 2.15])
    columns = 2 if width < 1.2 else 3
    size = (width, depth, height)
    primitives = doors((0, 0, 0), size, columns, style.wood(rng), style.metal)
    return single(Label.CABINET, primitives, (width, depth + 0.05, height), front=0.5)


def refrigerator(style: Style, rng: np.random.Generator) -> Group:
    """Two doors above each other, white, steel or brightly enamelled."""
    draws = (draw_enamel(rng), plain((0.72, 0.73, 0.75)), draw_vivid(rng))
    return _upright(Label.REFRIGERATOR, draws[rng.choice(3, p=[0.45, 0.4, 0.15])], style, rng)


def larder(style: Style, rng: np.random.Generator) -> Group:
    """A cabinet of the refrigerator's shape, of wood."""
    return _upright(Label.CABINET, style.woods[0], style, rng)


def _upright(label: Label, material: Material, style: Style, rng: np.random.Generator) -> Group:
    width, depth, height = rng.uniform([0.58, 0.58, 1.55], [0.75, 0.68, 1.95])
    split = rng.uniform(0.35, 0.65) * height
    lower = doors((0, 0, 0), (width, depth, split), 1, material, style.metal, handle=0.75)
    size = (width, depth, height - split)
    upper = doors((0, 0, split), size, 1, material, style.metal, handle=0.35)
    return single(label, lower + upper, (width, depth + 0.05, height), front=0.5)


def bookshelf(style: Style, rng: np.random.Generator) -> Group:
    """Boards with books between them."""
    width, depth, height = rng.uniform([0.7, 0.26, 1.3], [1.4, 0.34, 2.1])
    wood, board = style.wood(rng), 0.025
    rows = max(3, round(height / 0.36))
    step = (height - board) / rows
    primitives = [box((0, depth / 2 - 0.005, 0), (width, 0.01, height), wood)]
    for side in (-1, 1):
        at = (side * (width - board) / 2, -0.005, 0)
        primitives.append(box(at, (board, depth - 0.01, height), wood))
    inner = width - 2 * board
    for row in range(rows + 1):
        at = (0, -0.005, row * step)
        primitives.append(box(at, (inner, depth - 0.01, board), wood))
    for row in range(rows):
        primitives += _shelf(inner, depth, row * step + board, step - board, rng)
    return single(Label.BOOKSHELF, primitives, (width, depth, height), front=0.3)


def _shelf(
    inner: float, depth: float, z: float, high: float, rng: np.random.Generator
) -> list[Primitive]:
    """One or two blocks of books, which leave some of the shelf free."""
    if rng.random() < 0.1:
        return []
    share = rng.uniform(0.35, 0.95)
    start = rng.uniform(0, 1 - share) * inner - inner / 2
    cut = rng.uniform(0.3, 0.7)
    primitives, x = [], start
    for primitive, tall in ((cut, rng.uniform(0.65, 0.9)), (1 - cut, rng.uniform(0.65, 0.9))):
        length = primitive * share * inner - 0.01
        books = special(Pattern.BOOKS, rng, scale=rng.uniform(0.025, 0.05))
        at = (x + length / 2, 0.02, z)
        primitives.append(box(at, (length, depth - rng.uniform(0.08, 0.14), tall * high), books))
        x += length + 0.01
    return primitives
