"""Objects in and on the walls: doors, windows with curtains, pictures and panels."""

import numpy as np

from gaussrep_rooms.classes import Label
from gaussrep_rooms.floor_plan import Group, SceneObject, single
from gaussrep_rooms.furniture.elements import folds
from gaussrep_rooms.materials import (
    Material,
    Pattern,
    Style,
    draw_enamel,
    draw_vivid,
    plain,
    special,
)
from gaussrep_rooms.primitives import Primitive, ball, box, frustum

BAR = 0.045
"""Width of the frames of pictures and panels, meters (design choice)."""


def door(style: Style, rng: np.random.Generator) -> Group:
    """A closed door in its frame, with two panels and a handle."""
    width, height = rng.uniform([0.8, 1.95], [0.95, 2.08])
    leaf = draw_enamel(rng) if rng.random() < 0.4 else style.wood(rng)
    frame = leaf if rng.random() < 0.7 else style.wood(rng)
    bar = 0.07
    primitives = [box((0, 0.025, 0), (width, 0.03, height), leaf)]
    for side in (-1, 1):
        primitives.append(box((side * (width + bar) / 2, 0.01, 0), (bar, 0.06, height), frame))
    primitives.append(box((0, 0.01, height), (width + 2 * bar, 0.06, bar), frame))
    for low, high in ((0.08, 0.44), (0.52, 0.94)):
        size = (0.7 * width, 0.012, (high - low) * height)
        primitives.append(box((0, 0.004, low * height), size, leaf))
    side = rng.choice([-1, 1]) * (width / 2 - 0.07)
    primitives.append(ball((side, -0.025, 1.0), (0.05, 0.05, 0.05), style.metal))
    size = (width + 2 * bar, 0.08, height + bar)
    return single(Label.DOOR, primitives, size, front=0.8)


def window(style: Style, rng: np.random.Generator) -> Group:
    """A window with its sill, in most cases between curtains."""
    width, height = rng.uniform([0.8, 0.9], [1.7, 1.3])
    sill = rng.uniform(0.85, 1.0)
    primitives = framed(width, height, draw_enamel(rng), special(Pattern.VIEW, rng))
    primitives.append(box((0, -0.02, -0.03), (width + 0.1, 0.12, 0.03), draw_enamel(rng)))
    objects, wide, deep, low = (
        [SceneObject(Label.WINDOW, tuple(primitives))],
        width + 0.1,
        0.12,
        sill - 0.03,
    )
    if rng.random() < 0.6:
        cloth, long = style.fabric(rng), rng.random() < 0.5
        cover, deep = rng.uniform(0.22, 0.45), 0.26
        low = 0.04 if long else sill - 0.2
        top, wide = height + 0.12, width + 2 * cover
        for side in (-1, 1):
            at = (side * (width / 2 + 0.6 * cover - 0.1), -0.14)
            hung = folds(at, 0.8 * cover, low - sill, top - 0.03, cloth)
            objects.append(SceneObject(Label.CURTAIN, tuple(hung)))
        rod = frustum((0, -0.14, top - 0.03), (wide, 0.03, 0.03), style.metal, along=0)
        objects[1] = SceneObject(Label.CURTAIN, (*objects[1].primitives, rod))
    moved = tuple(obj.placed(0.0, 0.0, deep / 2 - 0.04, sill - low) for obj in objects)
    return Group(moved, wide, deep, height + sill - low + 0.13, lift=low)


def picture(style: Style, rng: np.random.Generator) -> Group:
    """A picture in a frame."""
    return _on_wall(Label.PICTURE, special(Pattern.ART, rng), style, rng)


def panel(style: Style, rng: np.random.Generator) -> Group:
    """A blank board or a mirror of the shape of a picture."""
    blank = draw_vivid(rng) if rng.random() < 0.3 else plain((0.9, 0.92, 0.93))
    return _on_wall(Label.OTHER, blank, style, rng)


def small_window(style: Style, rng: np.random.Generator) -> Group:
    """A window of the shape of a picture."""
    return _on_wall(Label.WINDOW, special(Pattern.VIEW, rng), style, rng)


def _on_wall(label: Label, inside: Material, style: Style, rng: np.random.Generator) -> Group:
    width, height = rng.uniform([0.4, 0.4], [0.9, 0.8])
    frame = style.wood(rng) if rng.random() < 0.6 else style.metal
    size = (width, 0.08, height)
    return single(label, framed(width, height, frame, inside), size, lift=rng.uniform(1.2, 1.5))


def framed(width: float, height: float, frame: Material, inside: Material) -> list[Primitive]:
    """Make a pane inside four bars, flat against y = 0.04.

    Args:
        width: Width with the frame, meters.
        height: Height with the frame, meters.
        frame: Appearance of the bars.
        inside: Appearance of the pane.

    Returns:
        The primitives.
    """
    primitives = [box((0, 0.03, BAR), (width - 2 * BAR, 0.02, height - 2 * BAR), inside)]
    for side in (-1, 1):
        primitives.append(box((side * (width - BAR) / 2, 0.02, 0), (BAR, 0.04, height), frame))
    for z in (0.0, height - BAR):
        primitives.append(box((0, 0.02, z), (width - 2 * BAR, 0.04, BAR), frame))
    return primitives
