"""Compositing of feature channels of one tile, as matrix products.

In the rows of a matrix, channels are padded to whole vectors, see `pad_features`. Pixels are in the
order of the tile's cells.
"""

from typing import Any, NamedTuple

import numpy as np

from gaussrep.kernels.jit import inline_jit, inline_jit_alloc
from gaussrep.kernels.simd import (
    WIDTH,
    broadcast,
    load,
    make_product,
    minimum,
    prefetch,
    store,
    store_masked,
)
from gaussrep.kernels.simd.memory import allocate
from gaussrep.rendering.cpu import buffers
from gaussrep.rendering.cpu.cells import pixel_offset
from gaussrep.rendering.cpu.layout import CELLS, PIXELS, TILE, ZERO
from gaussrep.rendering.cpu.tile import CHUNK

ROWS = 8 if WIDTH == 16 else 4
MAX_VECTORS = 3 if WIDTH == 16 else 2
"""Rows of a product's tile, and its vectors; sums, factors and terms fit the registers."""
NARROW_ROWS = 8
"""Rows of a product's tile that is one vector wide."""

CELL_PAIRS = (CHUNK + NARROW_ROWS) * WIDTH
"""Floats of a cell in `pairs`. The rows after the longest list take the products of no Gaussian,
and keep the lists of cells apart in the first-level cache."""

_listed_1, _listed_2, _listed_3 = (
    make_product(ROWS, min(n, MAX_VECTORS), listed=True, out="last") for n in (1, 2, 3)
)


class FeatureWorkspace(NamedTuple):
    """Working memory of a thread for the features of one tile."""

    pixels: np.ndarray
    """Sums of weighted features, or gradients to them, by pixel and channel."""
    planes: np.ndarray
    """Those gradients by cell, channel and pixel; empty in the forward pass."""
    pairs: np.ndarray
    """Of each cell and each Gaussian of its list: weights; in the backward pass gradients times
    features before, summed over channels. Cells begin `CELL_PAIRS` floats after one another."""
    terms: np.ndarray
    """List of each cell, [CELLS * CHUNK]: the start of the features of each Gaussian; in the
    backward pass its place in the chunk."""
    lengths: np.ndarray
    """Length of each list, [CELLS]."""
    done: np.ndarray
    """How many of each list are composited, [CELLS]."""
    left: np.ndarray
    """Start of each row of a tile in the left factor, [NARROW_ROWS]."""
    out: np.ndarray
    """Start of each row of a tile in the product, [NARROW_ROWS]."""
    reduced: np.ndarray
    """One vector."""


def pad_features(features: np.ndarray) -> np.ndarray | None:
    """Pad features with zero channels.

    Args:
        features: float32 [S, N, C].

    Returns:
        float32 [S, N, C'], where C' is a multiple of `WIDTH`; the same array if C is one. None if C
        is 0: kernels are then compiled without the code for features.
    """
    if features.shape[2] == 0:
        return None
    channels = features.shape[2]
    missing = -channels % WIDTH
    if missing == 0:
        return features
    padded = buffers.allocate(*features.shape[:2], channels + missing)
    padded[..., :channels], padded[..., channels:] = features, 0
    return padded


@inline_jit_alloc
def allocate_features(features: Any, backward: bool) -> Any:
    """Allocate working memory for padded features; None if there are none."""
    if features is None:
        return None
    stride = features.shape[2]
    return FeatureWorkspace(
        allocate(PIXELS * stride, np.float32),
        allocate(PIXELS * stride if backward else 0, np.float32),
        allocate(CELLS * CELL_PAIRS, np.float32),
        allocate(CELLS * CHUNK, np.int64),
        allocate(CELLS, np.int64),
        allocate(CELLS, np.int64),
        allocate(NARROW_ROWS, np.int64),
        allocate(NARROW_ROWS, np.int64),
        allocate(WIDTH, np.float32),
    )


@inline_jit
def clear_features(work: FeatureWorkspace) -> None:
    """Reset the sums of weighted features."""
    for at in range(0, len(work.pixels), WIDTH):
        store(work.pixels, at, broadcast(ZERO))


@inline_jit
def clear_lists(work: FeatureWorkspace) -> None:
    """Empty the lists of all cells."""
    for cell in range(CELLS):
        work.lengths[cell] = work.done[cell] = 0


@inline_jit
def append_weights(pixel: int, weights: Any, start: int, work: FeatureWorkspace) -> None:
    """Append a Gaussian to the list of a cell.

    Args:
        pixel: First pixel of the cell.
        weights: The Gaussian's weights in it.
        start: Start of the Gaussian's features.
        work: Working memory, updated.
    """
    cell = pixel // WIDTH
    length = work.lengths[cell]
    work.lengths[cell] = length + 1
    work.terms[cell * CHUNK + length] = start
    store(work.pairs, cell * CELL_PAIRS + length * WIDTH, weights)


@inline_jit
def composite_features(features: np.ndarray, work: FeatureWorkspace) -> None:
    """Composite the features of the Gaussians in the lists, and empty the lists.

    Args:
        features: Padded features, float32 [S, N, C'].
        work: Working memory; `pixels` is updated.
    """
    stride = features.shape[2]
    for cell in range(CELLS):
        for first in range(0, WIDTH, ROWS):
            c = 0
            while c < stride:
                vectors = tile_vectors((stride - c) // WIDTH)
                for r in range(ROWS):
                    work.left[r] = cell * CELL_PAIRS + first + r
                    work.out[r] = (cell * WIDTH + first + r) * stride + c
                _add_listed(vectors, features, c, cell, work)
                c += vectors * WIDTH
    clear_lists(work)


@inline_jit
def tile_vectors(rest: int) -> int:
    """Return the vectors of the next tile, of `rest` left in a row; four are two pairs."""
    return 2 if rest == MAX_VECTORS + 1 else minimum(MAX_VECTORS, rest)


@inline_jit
def _add_listed(
    vectors: int, features: np.ndarray, c: int, cell: int, work: FeatureWorkspace
) -> None:
    pairs, left, out, count = work.pairs, work.left, work.out, work.lengths[cell]
    terms = work.terms[cell * CHUNK :]
    if vectors == 1:
        _listed_1(pairs, left, WIDTH, features, c, terms, work.pixels, out, count)
    elif vectors == 2:
        _listed_2(pairs, left, WIDTH, features, c, terms, work.pixels, out, count)
    else:
        _listed_3(pairs, left, WIDTH, features, c, terms, work.pixels, out, count)


@inline_jit
def write_features(
    image: int, x: int, y: int, work: FeatureWorkspace, image_features: np.ndarray
) -> None:
    """Write a tile's features to the image."""
    _, height, width, channels = image_features.shape
    stride = len(work.pixels) // PIXELS
    for row in range(minimum(TILE, height - y)):
        for column in range(minimum(TILE, width - x)):
            at = pixel_offset(row, column) * stride
            to = ((image * height + y + row) * width + x + column) * channels
            for c in range(0, channels - WIDTH + 1, WIDTH):
                store(image_features, to + c, load(work.pixels, at + c))
                prefetch(image_features, to + width * channels + c)
            rest = channels % WIDTH
            if rest:
                c = channels - rest
                store_masked(image_features, to + c, load(work.pixels, at + c), rest)
