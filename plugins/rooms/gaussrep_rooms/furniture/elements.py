"""Elements that furniture shares: legs, fronts and hanging cloth."""

import numpy as np

from gaussrep_rooms.materials import Material
from gaussrep_rooms.primitives import Primitive, Triple, box, frustum


def legs(
    width: float, depth: float, height: float, thick: float, material: Material, *, round_: bool
) -> list[Primitive]:
    """Make four legs in the corners of a rectangle.

    Args:
        width: Width of the rectangle, meters.
        depth: Depth of the rectangle, meters.
        height: Height of the legs, meters.
        thick: Thickness of the legs, meters.
        material: Appearance.
        round_: Whether they are cones that get thinner downwards.

    Returns:
        The primitives.
    """
    size = (thick, thick, height)
    ends = [
        (x * (width - thick) / 2, y * (depth - thick) / 2, 0.0) for x in (-1, 1) for y in (-1, 1)
    ]
    if round_:
        return [frustum(end, size, material, taper=-0.4) for end in ends]
    return [box(end, size, material) for end in ends]


GAP = 0.008
"""Between neighboring fronts, meters (design choice)."""
FRONT = 0.018
"""How far fronts stand out, meters (design choice)."""


def drawers(
    at: Triple, size: Triple, rows: int, material: Material, metal: Material
) -> list[Primitive]:
    """Make a chest of drawers.

    Args:
        at: Center of its lower face; its front is at -y.
        size: Extent along x, y and z with fronts but without handles, meters.
        rows: Number of drawers.
        material: Appearance.
        metal: Appearance of its handles.

    Returns:
        The primitives.
    """
    width, _, height = size
    primitives = [_chest(at, size, material)]
    step = (height - 0.06) / rows
    y = at[1] - size[1] / 2
    for row in range(rows):
        z = at[2] + 0.05 + row * step
        front = (width - 2 * GAP, FRONT, step - GAP)
        primitives.append(box((at[0], y + FRONT / 2, z), front, material))
        handle = (min(0.14, 0.4 * width), 0.02, 0.015)
        primitives.append(box((at[0], y - 0.01, z + 0.6 * step), handle, metal))
    return primitives


def doors(
    at: Triple,
    size: Triple,
    columns: int,
    material: Material,
    metal: Material,
    *,
    handle: float = 0.5,
) -> list[Primitive]:
    """Make a chest with doors side by side.

    Args:
        at: Center of its lower face; its front is at -y.
        size: Extent along x, y and z with fronts but without handles, meters.
        columns: Number of doors.
        material: Appearance.
        metal: Appearance of its handles.
        handle: Height of the handles' centers, as a fraction of the height.

    Returns:
        The primitives.
    """
    width, _, height = size
    primitives = [_chest(at, size, material)]
    step = width / columns
    y = at[1] - size[1] / 2
    long = min(0.3, 0.35 * height)
    for column in range(columns):
        x = at[0] - width / 2 + (column + 0.5) * step
        front = (step - GAP, FRONT, height - 0.05)
        primitives.append(box((x, y + FRONT / 2, at[2] + 0.04), front, material))
        side = 1 if column % 2 == 0 and columns > 1 else -1
        z = at[2] + handle * height - long / 2
        grip = (x + side * (step / 2 - 0.04), y - 0.012, z)
        primitives.append(frustum(grip, (0.015, 0.024, long), metal))
    return primitives


def _chest(at: Triple, size: Triple, material: Material) -> Primitive:
    inner = (size[0], size[1] - FRONT, size[2])
    return box((at[0], at[1] + FRONT / 2, at[2]), inner, material)


FOLD = 0.085
"""Width of a fold, meters (design choice)."""


def folds(
    at: tuple[float, float], width: float, bottom: float, top: float, material: Material
) -> list[Primitive]:
    """Make a curtain: upright ellipses side by side, alternately in front of and behind its center.

    Args:
        at: Its center, x and y, meters.
        width: Extent along x, meters.
        bottom: Height of its lower edge, meters.
        top: Height of its upper edge, meters.
        material: Appearance.

    Returns:
        The primitives.
    """
    count = max(3, round(width / FOLD))
    xs = at[0] + ((np.arange(count) + 0.5) / count - 0.5) * width
    size = (1.25 * width / (count + 0.25), 0.05, top - bottom)
    return [
        frustum((x, at[1] + 0.012 * (-1) ** number, bottom), size, material)
        for number, x in enumerate(xs)
    ]
