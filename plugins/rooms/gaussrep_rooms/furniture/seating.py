"""Beds, chairs, armchairs and sofas."""

import numpy as np

from gaussrep_rooms.classes import Label
from gaussrep_rooms.floor_plan import Group, single
from gaussrep_rooms.furniture.elements import legs
from gaussrep_rooms.materials import Material, Style, draw_enamel
from gaussrep_rooms.primitives import Primitive, ball, box, frustum


def bed(style: Style, rng: np.random.Generator) -> Group:
    """A single or double bed, its head at the back."""
    double = rng.random() < 0.6
    width = rng.uniform(1.4, 1.8) if double else rng.uniform(0.9, 1.1)
    length, frame, top = rng.uniform(1.95, 2.1), rng.uniform(0.24, 0.34), rng.uniform(0.46, 0.58)
    wood, linen, cover = style.wood(rng), draw_enamel(rng), style.fabric(rng)
    head, tall = rng.uniform(0.05, 0.1), rng.uniform(0.8, 1.15)
    inner = length - head
    y = -head / 2
    primitives = legs(width, length, 0.12, 0.08, wood, round_=False)
    primitives.append(box((0, y, 0.12), (width, inner, frame - 0.12), wood))
    primitives.append(box((0, length / 2 - head / 2, 0.12), (width, head, tall - 0.12), wood))
    primitives.append(box((0, y + 0.01, frame), (width - 0.06, inner - 0.04, top - frame), linen))
    spread = rng.uniform(0.6, 0.75) * inner
    at = (0, y - (inner - spread) / 2, frame + 0.06)
    primitives.append(box(at, (width, spread, top - frame - 0.02), cover))
    edge = (0, at[1] + spread / 2 - 0.06, top - 0.01)
    primitives.append(frustum(edge, (width - 0.02, 0.16, 0.1), cover, along=0))
    pillow = style.fabric(rng) if rng.random() < 0.3 else linen
    for x in (-width / 4, width / 4) if double else (0,):
        size = (min(0.7, 0.45 * width) if double else 0.65, 0.4, 0.17)
        primitives.append(ball((x, length / 2 - head - 0.24, top - 0.03), size, pillow))
    return single(Label.BED, primitives, (width, length, tall), front=0.4)


def dining_chair(style: Style, rng: np.random.Generator) -> Group:
    """A chair with four legs and a panel, slats or bars as its back."""
    width, depth, seat = rng.uniform([0.4, 0.4, 0.43], [0.5, 0.5, 0.47])
    top, wood = rng.uniform(0.82, 0.98), style.wood(rng)
    thick = rng.uniform(0.03, 0.05)
    primitives = legs(width, depth, seat - 0.04, thick, wood, round_=rng.random() < 0.4)
    cushion = style.fabric(rng) if rng.random() < 0.5 else wood
    primitives.append(box((0, 0, seat - 0.04), (width, depth, 0.04), cushion))
    back = depth / 2 - thick / 2
    for side in (-1, 1):
        x = side * (width - thick) / 2
        primitives.append(box((x, back, seat), (thick, thick, top - seat), wood))
    primitives += _back(width - 2 * thick, back, seat, top, cushion, wood, rng)
    return single(Label.CHAIR, primitives, (width, depth, top))


def _back(
    width: float,
    y: float,
    seat: float,
    top: float,
    panel: Material,
    wood: Material,
    rng: np.random.Generator,
) -> list[Primitive]:
    height = top - seat
    kind = rng.integers(3)
    if kind == 0:
        return [box((0, y, seat + 0.3 * height), (width, 0.025, 0.68 * height), panel)]
    if kind == 1:
        rail = box((0, y, top - 0.07), (width, 0.03, 0.06), wood)
        count = int(rng.integers(3, 6))
        xs = (np.arange(count) + 0.5) / count * width - width / 2
        return [rail, *(box((x, y, seat), (0.02, 0.015, height - 0.07), wood) for x in xs)]
    levels = seat + height * np.array([0.3, 0.55, 0.8])
    return [box((0, y, z), (width, 0.02, 0.12 * height), wood) for z in levels]


def office_chair(style: Style, rng: np.random.Generator) -> Group:
    """A chair that turns on a star of five feet."""
    seat, width = rng.uniform(0.44, 0.5), rng.uniform(0.46, 0.52)
    top, cloth, metal = rng.uniform(0.88, 1.1), style.fabric(rng), style.metal
    primitives = [frustum((0, 0, 0.08), (0.06, 0.06, seat - 0.13), metal)]
    for turn in np.arange(5) * 2 * np.pi / 5 + rng.uniform(0, 1):
        x, y = np.cos(turn), np.sin(turn)
        primitives.append(box((0.13 * x, 0.13 * y, 0.06), (0.24, 0.04, 0.03), metal, yaw=turn))
        primitives.append(ball((0.24 * x, 0.24 * y, 0), (0.06, 0.06, 0.06), metal))
    primitives.append(box((0, 0, seat - 0.07), (width, 0.46, 0.07), cloth))
    primitives.append(box((0, 0.2, seat), (0.07, 0.03, 0.2), metal))
    primitives.append(box((0, 0.22, seat + 0.12), (0.9 * width, 0.06, top - seat - 0.12), cloth))
    if rng.random() < 0.6:
        for side in (-1, 1):
            x = side * (width / 2 + 0.02)
            primitives.append(box((x, 0.05, seat - 0.03), (0.03, 0.05, 0.22), metal))
            primitives.append(box((x, 0.02, seat + 0.19), (0.05, 0.26, 0.03), metal))
    return single(Label.CHAIR, primitives, (0.6, 0.6, top))


def armchair(style: Style, rng: np.random.Generator) -> Group:
    """An upholstered chair: a sofa with one seat, and as all such a chair in ScanNet."""
    primitives, size = _upholstered(rng.uniform(0.5, 0.62), 1, style, rng)
    return single(Label.CHAIR, primitives, size, front=0.35)


def sofa(style: Style, rng: np.random.Generator) -> Group:
    """A sofa with two to four seats, pillows, and in some cases a chaise longue."""
    seats = int(rng.integers(2, 5))
    primitives, size = _upholstered(rng.uniform(0.52, 0.66), seats, style, rng)
    width, depth, height = size
    for _ in range(rng.integers(0, 4)):
        x = rng.uniform(-0.35, 0.35) * width
        cloth = style.fabric(rng)
        primitives.append(ball((x, 0.06, 0.44), (0.42, 0.16, 0.36), cloth))
    return single(Label.SOFA, primitives, (width, depth, height), front=0.4)


def _upholstered(
    seat_width: float, seats: int, style: Style, rng: np.random.Generator
) -> tuple[list[Primitive], tuple[float, float, float]]:
    cloth, depth = style.fabric(rng), rng.uniform(0.78, 0.95)
    arm, arm_height = rng.uniform(0.1, 0.2), rng.uniform(0.55, 0.66)
    seat, back, thick = rng.uniform(0.4, 0.46), rng.uniform(0.74, 0.92), rng.uniform(0.16, 0.22)
    inner = seat_width * seats
    width = inner + 2 * arm
    primitives = legs(width - 0.1, depth - 0.1, 0.08, 0.05, style.wood(rng), round_=False)
    primitives.append(box((0, 0, 0.08), (width, depth, seat - 0.22), cloth))
    primitives.append(box((0, depth / 2 - thick / 4, 0.1), (inner, thick / 2, back - 0.16), cloth))
    for side in (-1, 1):
        x = side * (width - arm) / 2
        primitives.append(box((x, 0, 0.08), (arm, depth, arm_height - 0.08 - arm / 2), cloth))
        at = (x, 0, arm_height - arm)
        primitives.append(frustum(at, (arm, depth, arm), cloth, along=1))
    for x in (np.arange(seats) + 0.5) * seat_width - inner / 2:
        cushion = (seat_width - 0.015, depth - thick, 0.14)
        primitives.append(box((x, -thick / 2, seat - 0.14), cushion, cloth))
        upright = (seat_width - 0.02, 0.14, back - seat)
        primitives.append(box((x, depth / 2 - thick * 0.75, seat), upright, cloth, tilt=0.14))
    return primitives, (width, depth, back)
