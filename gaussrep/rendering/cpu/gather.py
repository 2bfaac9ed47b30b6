"""Between the stages backwards: the slots of one Gaussian summed, always in the same order."""

import numpy as np

from gaussrep.kernels.jit import inline_jit
from gaussrep.kernels.simd import load, store
from gaussrep.rendering.cpu.ellipse import tiles_in_row
from gaussrep.rendering.cpu.layout import BLOCK, TILE, ZERO, Slots, Splats


@inline_jit
def gather_slots(splats: Splats, slots: Slots, image: int, n: int, total: np.ndarray) -> bool:
    """Sum over the tiles that a Gaussian meets.

    Args:
        splats: Projected Gaussians.
        slots: What the tiles want; only those the ellipse meets were written.
        image: Number of the image.
        n: Number of the Gaussian.
        total: Written here, shaped like a slot.

    Returns:
        Whether it meets any tile's row.
    """
    splat = image * splats.depths.shape[1] + n
    first, top = np.int64(splats.boxes[splat, 0]), np.int64(splats.boxes[splat, 1])
    last, bottom = np.int64(splats.boxes[splat, 2]), np.int64(splats.boxes[splat, 3])
    if top >= bottom:
        return False
    for at in range(len(total)):
        total[at] = ZERO
    slot = slots.starts[image, n // BLOCK] + splats.first[splat] - first
    for row in range(top, bottom):
        left, right = tiles_in_row(splats, splat, row)
        for tile in range(slot + left, slot + right):
            _add(total, slots.sums, tile * slots.size)
        slot += last - first
    return True


@inline_jit
def _add(total: np.ndarray, parts: np.ndarray, start: int) -> None:
    for at in range(0, len(total), TILE):
        store(total, at, load(total, at) + load(parts, start + at))
