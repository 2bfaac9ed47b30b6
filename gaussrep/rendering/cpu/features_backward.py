"""Backward pass of compositing feature channels of one tile, as matrix products."""

from typing import Any

import numpy as np

from gaussrep.kernels.jit import inline_jit
from gaussrep.kernels.simd import (
    WIDTH,
    broadcast,
    count_trailing_zeros,
    fma,
    load,
    load_masked,
    make_product,
    minimum,
    prefetch,
    store,
    store_sums,
    transpose,
)
from gaussrep.rendering.cpu.cells import pixel_offset
from gaussrep.rendering.cpu.features import (
    CELL_PAIRS,
    MAX_VECTORS,
    NARROW_ROWS,
    ROWS,
    FeatureWorkspace,
    clear_features,
    clear_lists,
    tile_vectors,
)
from gaussrep.rendering.cpu.layout import (
    CELL_HEIGHT,
    CELL_WIDTH,
    CELLS,
    FEATURES_START,
    PIXELS,
    TILE,
    ZERO,
)
from gaussrep.rendering.cpu.tile import CHUNK

_product_1, _product_2, _product_3 = (
    make_product(ROWS, min(n, MAX_VECTORS), out="last") for n in (1, 2, 3)
)
_narrow_product = make_product(NARROW_ROWS, 1, out="replaced")


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
    _, height, width, _ = image_features.shape
    stride = len(work.pixels) // PIXELS
    if height - y < TILE or width - x < TILE:
        clear_features(work)
    for row in range(minimum(TILE, height - y)):
        for column in range(0, minimum(TILE, width - x), CELL_WIDTH):
            at, rest = pixel_offset(row, column), width - x - column
            pixel = (image * height + y + row) * width + x + column
            totals = (
                _load_pixel(pixel, at, rest, image_features, grad_outputs, work),
                _load_pixel(pixel + 1, at + 1, rest - 1, image_features, grad_outputs, work),
                _load_pixel(pixel + 2, at + 2, rest - 2, image_features, grad_outputs, work),
                _load_pixel(pixel + 3, at + 3, rest - 3, image_features, grad_outputs, work),
            )
            store_sums(work.reduced, 0, totals)
            cell, lane = divmod(at, WIDTH)
            for k in range(CELL_WIDTH):
                behind[cell * planes * WIDTH + lane + k] += work.reduced[k]
    for pixel in range(0, PIXELS, WIDTH):
        for c in range(0, stride, WIDTH):
            to = pixel * stride + c * WIDTH
            transpose(work.pixels, pixel * stride + c, stride, work.planes, to, WIDTH)


@inline_jit
def _load_pixel(
    pixel: int,
    at: int,
    rest: int,
    image_features: np.ndarray,
    grad_outputs: np.ndarray,
    work: FeatureWorkspace,
) -> Any:
    """Load the gradients to a pixel's features, if any of a row's pixels are left.

    Returns:
        Lanes whose sum is that of gradients times features.
    """
    total = broadcast(ZERO)
    if rest <= 0:
        return total
    _, _, width, channels = image_features.shape
    start, to = pixel * channels, at * (len(work.pixels) // PIXELS)
    for c in range(0, channels, WIDTH):
        gradient = _load_channels(grad_outputs, start + c, channels - c)
        store(work.pixels, to + c, gradient)
        prefetch(grad_outputs, start + width * channels + c)
        prefetch(image_features, start + width * channels + c)
        total = fma(gradient, _load_channels(image_features, start + c, channels - c), total)
    return total


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
    work: FeatureWorkspace,
    image: int,
    x: int,
    y: int,
    image_features: np.ndarray,
    grad_outputs: np.ndarray,
) -> None:
    """List a chunk's Gaussians by cell; compute gradients times features, summed over channels.

    Meanwhile, the next tile's features and gradients are on their way from memory.

    Args:
        members: Gaussians of the chunk.
        features: Padded features, float32 [S, N, C'].
        base: Index of the scene's first Gaussian.
        touched: Cells that each Gaussian overlaps.
        work: Working memory; the lists and `pairs` are written.
        image: Index of the image.
        x: Left pixel of the next tile.
        y: Top pixel of the next tile.
        image_features: Rendered features, float32 [I, H, W, C].
        grad_outputs: Gradients to them, of the same shape.
    """
    clear_lists(work)
    for k in range(len(members)):
        cells = touched[k]
        while cells:
            cell = count_trailing_zeros(cells) // CELL_HEIGHT
            cells &= cells - 1
            work.terms[cell * CHUNK + work.lengths[cell]] = k
            work.lengths[cell] += 1
    stride = features.shape[2]
    part = 0
    for cell in range(CELLS):
        last = cell * CHUNK + work.lengths[cell] - 1
        for first in range(0, work.lengths[cell], NARROW_ROWS):
            _prefetch_pixels(part, image, x, y, image_features, grad_outputs)
            part += 1
            for r in range(NARROW_ROWS):
                k = work.terms[minimum(cell * CHUNK + first + r, last)]
                work.left[r] = (base + members[k]) * stride
                work.out[r] = cell * CELL_PAIRS + (first + r) * WIDTH
            _narrow_product(
                features,
                work.left,
                1,
                work.planes,
                cell * WIDTH * stride,
                WIDTH,
                work.pairs,
                work.out,
                stride,
            )


@inline_jit
def _prefetch_pixels(
    part: int, image: int, x: int, y: int, image_features: np.ndarray, grad_outputs: np.ndarray
) -> None:
    """Prefetch features of four pixels of a tile, and the gradients to them, if they are there."""
    _, height, width, channels = image_features.shape
    row, column = divmod(part, TILE // CELL_WIDTH)
    top, left = y + row, x + column * CELL_WIDTH
    if row < TILE and top < height:
        start = ((image * height + top) * width + left) * channels
        for c in range(start, start + minimum(CELL_WIDTH, width - left) * channels, TILE):
            prefetch(image_features, c)
            prefetch(grad_outputs, c)


@inline_jit
def exchange(pixel: int, weights: Any, work: FeatureWorkspace) -> Any:
    """Write the weights of the next Gaussian in the list of a cell; return what was there.

    Args:
        pixel: First pixel of the cell.
        weights: The Gaussian's weights in it.
        work: Working memory, updated.

    Returns:
        Gradients times features, summed over channels.
    """
    cell = pixel // WIDTH
    place = cell * CELL_PAIRS + work.done[cell] * WIDTH
    work.done[cell] += 1
    found = load(work.pairs, place)
    store(work.pairs, place, weights)
    return found


@inline_jit
def features_vjp(sums: np.ndarray, slots: np.ndarray, spare: int, work: FeatureWorkspace) -> None:
    """Compute the gradients to the features of a chunk's Gaussians: weights times gradients.

    A cell that is finished stays so: those that are composited come first in its list.

    Args:
        sums: Slots; the features' part of those of the chunk is updated.
        slots: First float of each Gaussian's slot.
        spare: Index of as many floats in `sums` that nobody reads.
        work: Working memory.
    """
    stride = len(work.pixels) // PIXELS
    for cell in range(CELLS):
        length = work.done[cell]
        for first in range(0, length, ROWS):
            c = 0
            while c < stride:
                vectors = tile_vectors((stride - c) // WIDTH)
                for r in range(ROWS):
                    work.left[r] = cell * CELL_PAIRS + (first + r) * WIDTH
                    work.out[r] = spare + c
                for r in range(minimum(ROWS, length - first)):
                    slot = slots[work.terms[cell * CHUNK + first + r]]
                    work.out[r] = slot + FEATURES_START + c
                start = cell * WIDTH * stride + c
                _add(vectors, work, start, stride, sums)
                c += vectors * WIDTH


@inline_jit
def _add(vectors: int, work: FeatureWorkspace, start: int, stride: int, sums: np.ndarray) -> None:
    left, out, pairs, pixels = work.left, work.out, work.pairs, work.pixels
    if vectors == 1:
        _product_1(pairs, left, 1, pixels, start, stride, sums, out, WIDTH)
    elif vectors == 2:
        _product_2(pairs, left, 1, pixels, start, stride, sums, out, WIDTH)
    else:
        _product_3(pairs, left, 1, pixels, start, stride, sums, out, WIDTH)
