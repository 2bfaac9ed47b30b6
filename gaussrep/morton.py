"""Morton order (Z-order): a curve on which neighbors are near each other in space."""

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

BITS = 21
"""Bits of each coordinate; three of them fill 63 bits."""
ROWS = 2**16
"""Cells whose codes are computed at a time; a design choice."""
SPREAD = (
    (32, 0x1F00000000FFFF),
    (16, 0x1F0000FF0000FF),
    (8, 0x100F00F00F00F00F),
    (4, 0x10C30C30C30C30C3),
    (2, 0x1249249249249249),
)
"""Shifts and masks that put two zeros after every bit of a number of 21 bits."""


def interleave_bits(cells: Int[Tensor, "n 3"]) -> Int[Tensor, " n"]:
    """Compute the place of cells of a grid on the curve; bits of z, y and x are interleaved.

    Args:
        cells: Coordinates, int64, from 0 to 2²¹ - 1.

    Returns:
        Codes of 63 bits.
    """
    x, y, z = map(_spread, cells.unbind(-1))
    return x | y << 1 | z << 2


def morton_order(count: int, cells: Callable[[slice], np.ndarray]) -> np.ndarray:
    """Sort cells of a grid along the curve.

    Args:
        count: Number of cells.
        cells: Computes a part of them: integers from 0 to 2²¹ - 1, [n, 3].

    Returns:
        Indices; cells that are equal keep their order, [N].
    """
    codes = np.empty(count, np.int64)
    for start in range(0, count, ROWS):
        part = slice(start, min(start + ROWS, count))
        codes[part] = interleave_bits(torch.from_numpy(cells(part).astype(np.int64))).numpy()
    return codes.argsort(kind="stable")


def _spread(numbers: Tensor) -> Tensor:
    for shift, mask in SPREAD:
        numbers = (numbers | numbers << shift) & mask
    return numbers
