"""Compositing of feature channels of one tile, and its backward pass, as matrix products.

In the rows of a matrix, channels are padded to whole vectors, see `pad_features`. Pixels are in the
order of the tile's cells.
"""

from typing import Any, NamedTuple

import numpy as np

from gaussrep.kernels.jit import inline_jit, inline_jit_alloc
from gaussrep.kernels.simd import (
    WIDTH,
    broadcast,
    fma,
    load,
    load_masked,
    make_product,
    minimum,
    store,
    store_masked,
    store_sums,
    transpose,
)
from gaussrep.kernels.simd.memory import allocate
from gaussrep.rendering.cpu.cells import pixel_offset
from gaussrep.rendering.cpu.layout import CELL_HEIGHT, CELLS, FEATURES_START, PIXELS, TILE, ZERO
from gaussrep.rendering.cpu.tile import CHUNK

ROWS = 8 if WIDTH == 16 else 4
WIDE = 3 if WIDTH == 16 else 2
"""Rows of a product's tile, and its vectors; sums, factors and terms fit the registers."""
TALL = 12
"""Rows of a product's tile that is one vector wide."""

_listed_1, _listed_2, _listed_3 = (make_product(ROWS, min(n, WIDE), listed=True) for n in (1, 2, 3))
_product_1, _product_2, _product_3 = (make_product(ROWS, min(n, WIDE)) for n in (1, 2, 3))
_tall_product = make_product(TALL, 1)


class FeatureWorkspace(NamedTuple):
    """Working memory of a thread for the features of one tile."""

    pixels: np.ndarray
    """Sums of weighted features, or gradients to them, by pixel and channel."""
    planes: np.ndarray
    """Those gradients by channel and pixel; empty in the forward pass."""
    pairs: np.ndarray
    """Of each Gaussian of a chunk and each pixel: weights; in the backward pass gradients times
    features before, summed over channels. A vector behind is spare."""
    weights: np.ndarray
    """Weights of the Gaussians that overlap one cell, [CHUNK * WIDTH]."""
    terms: np.ndarray
    """Start of the features of each Gaussian that overlaps one cell, [CHUNK]."""
    left: np.ndarray
    """Start of each row of a tile in the left factor, [TALL]."""
    out: np.ndarray
    """Start of each row of a tile in the product, [TALL]."""
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
    missing = -features.shape[2] % WIDTH
    return np.pad(features, ((0, 0), (0, 0), (0, missing))) if missing else features


@inline_jit_alloc
def allocate_features(features: Any, backward: bool) -> Any:
    """Allocate working memory for padded features; None where there are none."""
    if features is None:
        return None
    stride = features.shape[2]
    return FeatureWorkspace(
        allocate(PIXELS * stride, np.float32),
        allocate(PIXELS * stride if backward else 0, np.float32),
        allocate(CHUNK * PIXELS + WIDTH, np.float32),
        allocate(CHUNK * WIDTH, np.float32),
        allocate(CHUNK, np.int64),
        allocate(TALL, np.int64),
        allocate(TALL, np.int64),
        allocate(WIDTH, np.float32),
    )


@inline_jit
def clear_features(work: FeatureWorkspace) -> None:
    """Reset the sums of weighted features."""
    for at in range(0, len(work.pixels), WIDTH):
        store(work.pixels, at, broadcast(ZERO))


@inline_jit
def list_touching(cell: int, count: int, touched: np.ndarray, touching: np.ndarray) -> int:
    """List the Gaussians that overlap a cell; return how many.

    Args:
        cell: Cell of the tile.
        count: Number of Gaussians.
        touched: Cells that each overlaps.
        touching: Output.

    Returns:
        Length of the list.
    """
    length = 0
    for k in range(count):
        touching[length] = k
        length += touched[k] >> cell * CELL_HEIGHT & 1
    return length


@inline_jit
def composite_features(
    members: np.ndarray,
    features: np.ndarray,
    base: int,
    touched: np.ndarray,
    touching: np.ndarray,
    work: FeatureWorkspace,
) -> None:
    """Composite the features of a chunk's Gaussians.

    Args:
        members: Gaussians of the chunk.
        features: Padded features, float32 [S, N, C'].
        base: Index of the scene's first Gaussian.
        touched: Cells to which each Gaussian is composited.
        touching: Working memory for the Gaussians of one cell.
        work: Working memory; `pairs` holds the weights, `pixels` is updated.
    """
    stride = features.shape[2]
    for cell in range(CELLS):
        count = list_touching(cell, len(members), touched, touching)
        for i in range(count):
            work.terms[i] = (base + members[touching[i]]) * stride
            weights = load(work.pairs, touching[i] * PIXELS + cell * WIDTH)
            store(work.weights, i * WIDTH, weights)
        for first in range(0, WIDTH, ROWS):
            for c in range(0, stride, WIDE * WIDTH):
                for r in range(ROWS):
                    work.left[r] = first + r
                    work.out[r] = (cell * WIDTH + first + r) * stride + c
                _add_listed(minimum(WIDE, (stride - c) // WIDTH), features, c, count, work)


@inline_jit
def _add_listed(
    vectors: int, features: np.ndarray, c: int, count: int, work: FeatureWorkspace
) -> None:
    weights, left, out, terms = work.weights, work.left, work.out, work.terms
    if vectors == 1:
        _listed_1(weights, left, WIDTH, features, c, terms, work.pixels, out, count)
    elif vectors == 2:
        _listed_2(weights, left, WIDTH, features, c, terms, work.pixels, out, count)
    else:
        _listed_3(weights, left, WIDTH, features, c, terms, work.pixels, out, count)


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
            rest = channels % WIDTH
            if rest:
                c = channels - rest
                store_masked(image_features, to + c, load(work.pixels, at + c), rest)


@inline_jit
def load_feature_gradients(
    image: int,
    x: int,
    y: int,
    image_features: np.ndarray,
    grad_outputs: np.ndarray,
    work: FeatureWorkspace,
    behind: np.ndarray,
    planes: int,
) -> None:
    """Load the gradients to a tile's features.

    Args:
        image: Index of the image.
        x: Left pixel of the tile.
        y: Top pixel of the tile.
        image_features: Rendered features, float32 [I, H, W, C].
        grad_outputs: Gradients to them, of the same shape.
        work: Working memory; `pixels` and `planes` are written.
        behind: S by cell and pixel; the features' part is added.
        planes: Vectors from cell to cell in `behind`.
    """
    _, height, width, channels = image_features.shape
    stride = len(work.pixels) // PIXELS
    if height - y < TILE or width - x < TILE:
        clear_features(work)
    for row in range(minimum(TILE, height - y)):
        for column in range(minimum(TILE, width - x)):
            at = pixel_offset(row, column)
            start = ((image * height + y + row) * width + x + column) * channels
            total = broadcast(ZERO)
            for c in range(0, channels, WIDTH):
                gradient = _load_channels(grad_outputs, start + c, channels - c)
                store(work.pixels, at * stride + c, gradient)
                value = _load_channels(image_features, start + c, channels - c)
                total = fma(gradient, value, total)
            store_sums(work.reduced, 0, (total,))
            cell, lane = divmod(at, WIDTH)
            behind[cell * planes * WIDTH + lane] += work.reduced[0]
    for pixel in range(0, PIXELS, WIDTH):
        for c in range(0, stride, WIDTH):
            to = c * PIXELS + pixel
            transpose(work.pixels, pixel * stride + c, stride, work.planes, to, PIXELS)


@inline_jit
def _load_channels(array: np.ndarray, start: int, rest: int) -> Any:
    """Load a vector of channels, of which `rest` are left."""
    return load(array, start) if rest >= WIDTH else load_masked(array, start, rest)


@inline_jit
def weights_vjp(
    members: np.ndarray,
    features: np.ndarray,
    base: int,
    touched: np.ndarray,
    touching: np.ndarray,
    work: FeatureWorkspace,
) -> None:
    """Compute gradients times features of a chunk's Gaussians, summed over channels.

    Args:
        members: Gaussians of the chunk.
        features: Padded features, float32 [S, N, C'].
        base: Index of the scene's first Gaussian.
        touched: Cells that each Gaussian overlaps.
        touching: Working memory for the Gaussians that overlap one cell.
        work: Working memory; `pairs` is written where a Gaussian overlaps a cell.
    """
    stride = features.shape[2]
    for cell in range(CELLS):
        count = list_touching(cell, len(members), touched, touching)
        for first in range(0, count, TALL):
            for r in range(TALL):
                k = touching[minimum(first + r, count - 1)]
                work.left[r] = (base + members[k]) * stride
                work.out[r] = k * PIXELS + cell * WIDTH if first + r < count else CHUNK * PIXELS
                store(work.pairs, work.out[r], broadcast(ZERO))
            _tall_product(
                features,
                work.left,
                1,
                work.planes,
                cell * WIDTH,
                PIXELS,
                work.pairs,
                work.out,
                stride,
            )


@inline_jit
def features_vjp(
    count: int,
    touched: np.ndarray,
    touching: np.ndarray,
    sums: np.ndarray,
    slots: np.ndarray,
    spare: int,
    work: FeatureWorkspace,
) -> None:
    """Compute the gradients to the features of a chunk's Gaussians: weights times gradients.

    Args:
        count: Number of Gaussians, of which `pairs` holds the weights.
        touched: Cells to which each Gaussian is composited.
        touching: Working memory for the Gaussians that overlap one cell.
        sums: Slots; the features' part of those of the chunk is updated.
        slots: First float of each Gaussian's slot.
        spare: Index of as many floats in `sums` that nobody reads.
        work: Working memory.
    """
    stride = len(work.pixels) // PIXELS
    for cell in range(CELLS):
        length = list_touching(cell, count, touched, touching)
        for first in range(0, length, ROWS):
            for c in range(0, stride, WIDE * WIDTH):
                for r in range(ROWS):
                    k = touching[minimum(first + r, length - 1)]
                    work.left[r] = k * PIXELS + cell * WIDTH
                    work.out[r] = c + (slots[k] + FEATURES_START if first + r < length else spare)
                start = cell * WIDTH * stride + c
                _add(minimum(WIDE, (stride - c) // WIDTH), work, start, stride, sums)


@inline_jit
def _add(vectors: int, work: FeatureWorkspace, start: int, stride: int, sums: np.ndarray) -> None:
    left, out, pairs, pixels = work.left, work.out, work.pairs, work.pixels
    if vectors == 1:
        _product_1(pairs, left, 1, pixels, start, stride, sums, out, WIDTH)
    elif vectors == 2:
        _product_2(pairs, left, 1, pixels, start, stride, sums, out, WIDTH)
    else:
        _product_3(pairs, left, 1, pixels, start, stride, sums, out, WIDTH)
