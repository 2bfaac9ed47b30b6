"""Beds."""

import numpy as np

from gaussrep_rooms.classes import Label
from gaussrep_rooms.furniture.legs import legs
from gaussrep_rooms.materials import draw_enamel
from gaussrep_rooms.parts import ball, box, frustum
from gaussrep_rooms.style import Style
from gaussrep_rooms.things import Group, single


def bed(style: Style, rng: np.random.Generator) -> Group:
    """A single or double bed, its head at the back."""
    double = rng.random() < 0.6
    width = rng.uniform(1.4, 1.8) if double else rng.uniform(0.9, 1.1)
    length, frame, top = rng.uniform(1.95, 2.1), rng.uniform(0.24, 0.34), rng.uniform(0.46, 0.58)
    wood, linen, cover = style.wood(rng), draw_enamel(rng), style.fabric(rng)
    head, tall = rng.uniform(0.05, 0.1), rng.uniform(0.8, 1.15)
    inner = length - head
    y = -head / 2
    parts = legs(width, length, 0.12, 0.08, wood, round_=False)
    parts.append(box((0, y, 0.12), (width, inner, frame - 0.12), wood))
    parts.append(box((0, length / 2 - head / 2, 0.12), (width, head, tall - 0.12), wood))
    parts.append(box((0, y + 0.01, frame), (width - 0.06, inner - 0.04, top - frame), linen))
    spread = rng.uniform(0.6, 0.75) * inner
    at = (0, y - (inner - spread) / 2, frame + 0.06)
    parts.append(box(at, (width, spread, top - frame - 0.02), cover))
    edge = (0, at[1] + spread / 2 - 0.06, top - 0.01)
    parts.append(frustum(edge, (width - 0.02, 0.16, 0.1), cover, along=0))
    pillow = style.fabric(rng) if rng.random() < 0.3 else linen
    for x in (-width / 4, width / 4) if double else (0,):
        size = (min(0.7, 0.45 * width) if double else 0.65, 0.4, 0.17)
        parts.append(ball((x, length / 2 - head - 0.24, top - 0.03), size, pillow))
    return single(Label.BED, parts, (width, length, tall), front=0.4)
