"""Sizes of the tiles of matrix products, and the division of columns into panels.

The size of a tile depends on the registers of the machine: with 16 lanes (AVX-512), up to 24 of 32
hold sums; elsewhere 12 of 16.
"""

import numpy as np

from gaussrep.kernels import inline_jit
from gaussrep.kernels.simd import WIDTH, make_product

WIDEST = 4 if WIDTH == 16 else 2
"""Largest width of a tile, in lanes."""
HEIGHTS = (0, 12, 12, 8, 6) if WIDTH == 16 else (0, 12, 6)
"""Rows of a tile, by its width in lanes."""
TALLEST = max(HEIGHTS)


_tiles = [make_product(HEIGHTS[width], width) for width in range(1, WIDEST + 1)]
_tile_1, _tile_2, _tile_3, _tile_4 = (_tiles[min(width, WIDEST) - 1] for width in range(1, 5))


@inline_jit
def multiply_tile(width, a, a_rows, a_step, b, b_start, b_step, out, out_rows, count):  # type: ignore[no-untyped-def]
    """Add the products of one tile.

    Args:
        width: Lanes of the tile.
        a: Left factors, flat float32.
        a_rows: Start of each row of the tile in `a`, `HEIGHTS[width]` numbers.
        a_step: Stride between terms in `a`.
        b: Right factors, flat float32.
        b_start: Start of the right factors in `b`.
        b_step: Stride between terms in `b`.
        out: Sums, flat float32.
        out_rows: Start of each row of the tile in `out`.
        count: Number of terms.
    """
    if width == 1:
        _tile_1(a, a_rows, a_step, b, b_start, b_step, out, out_rows, count)
    elif width == 2:
        _tile_2(a, a_rows, a_step, b, b_start, b_step, out, out_rows, count)
    elif width == 3:
        _tile_3(a, a_rows, a_step, b, b_start, b_step, out, out_rows, count)
    else:
        _tile_4(a, a_rows, a_step, b, b_start, b_step, out, out_rows, count)


def panels(columns: int) -> np.ndarray:
    """Divide columns evenly into panels of at most the width of a tile.

    Args:
        columns: Number of columns; the last lane may be partly used.

    Returns:
        First lane of each panel, and at the end the number of lanes, int64.
    """
    lanes = -(-columns // WIDTH)
    count = -(-lanes // WIDEST)
    return np.arange(count + 1) * lanes // count
