"""Morton order: a curve on which neighbors are near each other in space."""

import numpy as np

SPREADS = (
    (32, 0x001F00000000FFFF),
    (16, 0x001F0000FF0000FF),
    (8, 0x100F00F00F00F00F),
    (4, 0x10C30C30C30C30C3),
    (2, 0x1249249249249249),
)
"""Shifts and masks that move the bits of a number of 21 bits three places apart."""


def morton_order(cells: np.ndarray) -> np.ndarray:
    """Sort cells of a grid along a Morton curve.

    Args:
        cells: Coordinates, unsigned integers of up to 21 bits, [N, 3].

    Returns:
        Indices; cells that are equal keep their order, [N].
    """
    codes = np.zeros(len(cells), np.uint64)
    for axis in range(3):
        bits = cells[:, axis].astype(np.uint64)
        for shift, mask in SPREADS:
            bits = (bits | bits << np.uint64(shift)) & np.uint64(mask)
        codes |= bits << np.uint64(axis)
    return np.argsort(codes, kind="stable")
