"""Compositing of feature channels of one tile, and its backward pass."""

import numpy as np

from gaussrep.kernels.jit import inline_jit
from gaussrep.kernels.simd import (
    WIDTH,
    broadcast,
    count_trailing_zeros,
    fma,
    load,
    store,
    store_sums,
)
from gaussrep.rendering.cpu.cells import pixel_offset
from gaussrep.rendering.cpu.layout import FEATURE_GROUP, PIXELS, TILE, ZERO


@inline_jit
def composite_features(
    cell: int,
    touching: np.ndarray,
    members: np.ndarray,
    features: np.ndarray,
    scene: int,
    weights: np.ndarray,
    planes: np.ndarray,
) -> None:
    """Composite the features of one cell.

    Args:
        cell: Cell of the tile.
        touching: Indices of the members that overlap the cell.
        members: Gaussians of the tile.
        features: Features, float32 [S, N, C].
        scene: Index of the scene.
        weights: Weights of each of `touching` in the cell's pixels.
        planes: Sums by channel, cell and pixel; updated.
    """
    channels = features.shape[2]
    whole = channels - channels % 4
    for c in range(0, whole, 4):
        _composite_four(cell, c, touching, members, features, scene, weights, planes)
    for c in range(whole, channels):
        at = c * PIXELS + cell * WIDTH
        total = load(planes, at)
        for i in range(len(touching)):
            total = fma(load(weights, i * WIDTH), features[scene, members[touching[i]], c], total)
        store(planes, at, total)


@inline_jit
def _composite_four(
    cell: int,
    c: int,
    touching: np.ndarray,
    members: np.ndarray,
    features: np.ndarray,
    scene: int,
    weights: np.ndarray,
    planes: np.ndarray,
) -> None:
    """Composite four channels at once, which loads the weights only once."""
    at = c * PIXELS + cell * WIDTH
    first, second = load(planes, at), load(planes, at + PIXELS)
    third, fourth = load(planes, at + 2 * PIXELS), load(planes, at + 3 * PIXELS)
    for i in range(len(touching)):
        weight = load(weights, i * WIDTH)
        n = members[touching[i]]
        first = fma(weight, features[scene, n, c], first)
        second = fma(weight, features[scene, n, c + 1], second)
        third = fma(weight, features[scene, n, c + 2], third)
        fourth = fma(weight, features[scene, n, c + 3], fourth)
    store(planes, at, first)
    store(planes, at + PIXELS, second)
    store(planes, at + 2 * PIXELS, third)
    store(planes, at + 3 * PIXELS, fourth)


@inline_jit
def write_features(
    image: int, x: int, y: int, planes: np.ndarray, image_features: np.ndarray
) -> None:
    """Write a tile's features to the image, where channels come last."""
    _, height, width, channels = image_features.shape
    for start in range(0, channels, TILE):
        for row in range(min(TILE, height - y)):
            for column in range(min(TILE, width - x)):
                at = pixel_offset(row, column)
                for c in range(start, min(start + TILE, channels)):
                    image_features[image, y + row, x + column, c] = planes[c * PIXELS + at]


@inline_jit
def load_feature_gradients(
    image: int,
    x: int,
    y: int,
    image_features: np.ndarray,
    grad_outputs: np.ndarray,
    gradients: np.ndarray,
    behind: np.ndarray,
    planes: int,
) -> None:
    """Load the gradients to a tile's features, channels first.

    Args:
        image: Index of the image.
        x: Left pixel of the tile.
        y: Top pixel of the tile.
        image_features: Rendered features, float32 [I, H, W, C].
        grad_outputs: Gradients to them, of the same shape.
        gradients: Output, by channel, cell and pixel.
        behind: S by cell and pixel; the features' part is added.
        planes: Vectors from cell to cell in `behind`.
    """
    _, height, width, channels = image_features.shape
    for at in range(0, len(gradients), WIDTH):
        store(gradients, at, broadcast(ZERO))
    if grad_outputs.size == 0:
        return
    for start in range(0, channels, TILE):
        for row in range(min(TILE, height - y)):
            for column in range(min(TILE, width - x)):
                at = pixel_offset(row, column)
                total = ZERO
                for c in range(start, min(start + TILE, channels)):
                    grad_output = grad_outputs[image, y + row, x + column, c]
                    gradients[c * PIXELS + at] = grad_output
                    total += grad_output * image_features[image, y + row, x + column, c]
                cell, lane = divmod(at, WIDTH)
                behind[cell * planes * WIDTH + lane] += total


@inline_jit
def weights_vjp(
    features: np.ndarray,
    scene: int,
    n: int,
    gradients: np.ndarray,
    touched: int,
    values: np.ndarray,
    planes: int,
) -> None:
    """Compute gradients times features of one Gaussian, summed over channels.

    Args:
        features: Features, float32 [S, N, C].
        scene: Index of the scene.
        n: Index of the Gaussian.
        gradients: Gradients by channel, cell and pixel.
        touched: Cells that the Gaussian overlaps, as bits.
        values: Output, by cell and pixel.
        planes: Vectors from cell to cell in `values`.
    """
    channels = features.shape[2]
    even = channels - channels % 2
    while touched:
        cell = count_trailing_zeros(touched)
        at = cell * WIDTH
        touched &= touched - 1
        total = other = broadcast(ZERO)
        for c in range(0, even, 2):
            total = fma(load(gradients, c * PIXELS + at), features[scene, n, c], total)
            other = fma(load(gradients, (c + 1) * PIXELS + at), features[scene, n, c + 1], other)
        if even < channels:
            total = fma(load(gradients, even * PIXELS + at), features[scene, n, even], total)
        store(values, cell * planes * WIDTH, total + other)


@inline_jit
def features_vjp(
    weights: np.ndarray,
    planes: int,
    gradients: np.ndarray,
    touched: int,
    slots: np.ndarray,
    slot: int,
) -> None:
    """Compute the gradients to a Gaussian's features: the sum of weights times gradients.

    Args:
        weights: Weights of the Gaussian, by cell and pixel.
        planes: Vectors from cell to cell in `weights`.
        gradients: Gradients by channel, cell and pixel; up to FEATURE_GROUP - 1 padding channels.
        touched: Cells that the Gaussian overlaps, as bits.
        slots: Output, one number per channel; up to TILE - 1 numbers behind are overwritten.
        slot: Index of the first number.
    """
    for c in range(0, len(gradients) // PIXELS, FEATURE_GROUP):
        plane = c * PIXELS
        s0 = s1 = s2 = s3 = broadcast(ZERO)
        cells = touched
        while cells:
            cell = count_trailing_zeros(cells)
            cells &= cells - 1
            at, weight = plane + cell * WIDTH, load(weights, cell * planes * WIDTH)
            s0 = fma(weight, load(gradients, at), s0)
            s1 = fma(weight, load(gradients, at + PIXELS), s1)
            s2 = fma(weight, load(gradients, at + 2 * PIXELS), s2)
            s3 = fma(weight, load(gradients, at + 3 * PIXELS), s3)
        store_sums(slots, slot + c, (s0, s1, s2, s3))
