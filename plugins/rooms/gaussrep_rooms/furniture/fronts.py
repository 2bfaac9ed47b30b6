"""Chests with drawers or doors."""

from gaussrep_rooms.materials import Material
from gaussrep_rooms.parts import Part, Triple, box, frustum

GAP = 0.008
"""Between neighboring fronts, meters (ours)."""
FRONT = 0.018
"""How far fronts stand out, meters (ours)."""


def drawers(at: Triple, size: Triple, rows: int, material: Material, metal: Material) -> list[Part]:
    """A chest with drawers above each other.

    Args:
        at: Middle of its lower face; its front is at -y.
        size: Extent along x, y and z with fronts but without handles, meters.
        rows: Number of drawers.
        material: How it looks.
        metal: How its handles look.
    """
    width, _, height = size
    parts = [_chest(at, size, material)]
    step = (height - 0.06) / rows
    y = at[1] - size[1] / 2
    for row in range(rows):
        z = at[2] + 0.05 + row * step
        front = (width - 2 * GAP, FRONT, step - GAP)
        parts.append(box((at[0], y + FRONT / 2, z), front, material))
        handle = (min(0.14, 0.4 * width), 0.02, 0.015)
        parts.append(box((at[0], y - 0.01, z + 0.6 * step), handle, metal))
    return parts


def doors(
    at: Triple, size: Triple, columns: int, material: Material, metal: Material,
    *, handle: float = 0.5,
) -> list[Part]:  # fmt: skip
    """A chest with doors side by side.

    Args:
        at: Middle of its lower face; its front is at -y.
        size: Extent along x, y and z with fronts but without handles, meters.
        columns: Number of doors.
        material: How it looks.
        metal: How its handles look.
        handle: Where the handles' middles are, as a share of the height.
    """
    width, _, height = size
    parts = [_chest(at, size, material)]
    step = width / columns
    y = at[1] - size[1] / 2
    long = min(0.3, 0.35 * height)
    for column in range(columns):
        x = at[0] - width / 2 + (column + 0.5) * step
        front = (step - GAP, FRONT, height - 0.05)
        parts.append(box((x, y + FRONT / 2, at[2] + 0.04), front, material))
        side = 1 if column % 2 == 0 and columns > 1 else -1
        z = at[2] + handle * height - long / 2
        grip = (x + side * (step / 2 - 0.04), y - 0.012, z)
        parts.append(frustum(grip, (0.015, 0.024, long), metal))
    return parts


def _chest(at: Triple, size: Triple, material: Material) -> Part:
    inner = (size[0], size[1] - FRONT, size[2])
    return box((at[0], at[1] + FRONT / 2, at[2]), inner, material)
