"""Panels: how the columns of a product are divided among tiles."""

import numpy as np

from gaussrep.kernels.simd import WIDTH
from gaussrep_gaussiancross.sparse.kernels.tile import WIDEST


def panels(columns: int) -> np.ndarray:
    """Divide columns into panels as wide as a tile, evenly.

    Args:
        columns: Number of columns; the last lane may hang over.

    Returns:
        First lane of each panel, and at the end the number of lanes, int64.
    """
    lanes = -(-columns // WIDTH)
    count = -(-lanes // WIDEST)
    return np.arange(count + 1) * lanes // count
