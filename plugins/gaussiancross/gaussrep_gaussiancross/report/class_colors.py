"""Colors of classes."""

from colorsys import hsv_to_rgb

import torch
from jaxtyping import Float
from torch import Tensor

FIRST = 0.6
"""Hue of the first class, blue: it is the wall in ScanNet, and there is much of it (ours)."""

TURN = 0.618034
"""Golden ratio: hues that follow each other by it never come close again soon."""

NO_CLASS = 0.82
"""Gray level of points without a class."""


def class_colors(classes: int) -> Float[Tensor, "classes 3"]:
    """Colors of numbered classes, of all hues and three strengths.

    Args:
        classes: How many there are.

    Returns:
        RGB in [0, 1].
    """
    strengths = ((0.5, 0.85), (0.75, 0.7), (0.4, 0.95))
    colors = [hsv_to_rgb((FIRST + i * TURN) % 1, *strengths[i % 3]) for i in range(classes)]
    return torch.tensor(colors).view(classes, 3)
