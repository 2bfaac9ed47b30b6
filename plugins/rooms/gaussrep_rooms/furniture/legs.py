"""Four legs."""

from gaussrep_rooms.materials import Material
from gaussrep_rooms.parts import Part, box, frustum


def legs(
    width: float, depth: float, height: float, thick: float, material: Material, *, round_: bool
) -> list[Part]:
    """Four legs in the corners of a rectangle.

    Args:
        width: Of the rectangle, meters.
        depth: Of the rectangle, meters.
        height: Of the legs, meters.
        thick: Of the legs, meters.
        material: How they look.
        round_: Whether they are cones that get thinner downwards.
    """
    size = (thick, thick, height)
    ends = [
        (x * (width - thick) / 2, y * (depth - thick) / 2, 0.0) for x in (-1, 1) for y in (-1, 1)
    ]
    if round_:
        return [frustum(end, size, material, taper=-0.4) for end in ends]
    return [box(end, size, material) for end in ends]
