"""Hanging cloth."""

import numpy as np

from gaussrep_rooms.materials import Material
from gaussrep_rooms.parts import Part, frustum

FOLD = 0.085
"""Width of a fold, meters (ours)."""


def folds(
    at: tuple[float, float], width: float, bottom: float, top: float, material: Material
) -> list[Part]:
    """A curtain: upright ellipses side by side, in front of and behind its middle in turn.

    Args:
        at: Middle of it, x and y.
        width: Its extent along x, meters.
        bottom: Height of its lower edge, meters.
        top: Height of its upper edge, meters.
        material: How it looks.
    """
    count = max(3, round(width / FOLD))
    xs = at[0] + ((np.arange(count) + 0.5) / count - 0.5) * width
    size = (1.25 * width / (count + 0.25), 0.05, top - bottom)
    return [
        frustum((x, at[1] + 0.012 * (-1) ** number, bottom), size, material)
        for number, x in enumerate(xs)
    ]
