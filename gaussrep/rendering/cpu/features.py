"""Compositing of feature channels of one tile, and its backward pass."""

import numpy as np

from gaussrep.kernels.jit import inline_jit
from gaussrep.kernels.simd import broadcast, fma, horizontal_sum, load, store
from gaussrep.rendering.cpu.layout import FEATURE_GROUP, PIXELS, TILE, ZERO


@inline_jit
def composite_features(
    row: int,
    touching: np.ndarray,
    members: np.ndarray,
    features: np.ndarray,
    scene: int,
    weights: np.ndarray,
    planes: np.ndarray,
) -> None:
    """Composite the features of one row of pixels.

    Args:
        row: Row within the tile.
        touching: Indices of the members that overlap the row.
        members: Gaussians of the tile.
        features: Features, float32 [S, N, C].
        scene: Index of the scene.
        weights: Weights of each of `touching` in the row's pixels.
        planes: Sums by channel, row and pixel; updated.
    """
    channels = features.shape[2]
    whole = channels - channels % 4
    for c in range(0, whole, 4):
        _composite_four(row, c, touching, members, features, scene, weights, planes)
    for c in range(whole, channels):
        at = c * PIXELS + row * TILE
        total = load(planes, at)
        for i in range(len(touching)):
            total = fma(load(weights, i * TILE), features[scene, members[touching[i]], c], total)
        store(planes, at, total)


@inline_jit
def _composite_four(
    row: int,
    c: int,
    touching: np.ndarray,
    members: np.ndarray,
    features: np.ndarray,
    scene: int,
    weights: np.ndarray,
    planes: np.ndarray,
) -> None:
    """Composite four channels at once, which loads the weights only once."""
    at = c * PIXELS + row * TILE
    first, second = load(planes, at), load(planes, at + PIXELS)
    third, fourth = load(planes, at + 2 * PIXELS), load(planes, at + 3 * PIXELS)
    for i in range(len(touching)):
        weight = load(weights, i * TILE)
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
                at = row * TILE + column
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
    state: np.ndarray,
) -> None:
    """Load the gradients to a tile's features, channels first.

    Args:
        image: Index of the image.
        x: Left pixel of the tile.
        y: Top pixel of the tile.
        image_features: Rendered features, float32 [I, H, W, C].
        grad_outputs: Gradients to them, of the same shape.
        gradients: Output, by channel, row and pixel.
        state: The tile's state; the features' part of S is added to its second plane.
    """
    _, height, width, channels = image_features.shape
    for at in range(0, len(gradients), TILE):
        store(gradients, at, broadcast(ZERO))
    if grad_outputs.size == 0:
        return
    for start in range(0, channels, TILE):
        for row in range(min(TILE, height - y)):
            for column in range(min(TILE, width - x)):
                at = row * TILE + column
                total = ZERO
                for c in range(start, min(start + TILE, channels)):
                    grad_output = grad_outputs[image, y + row, x + column, c]
                    gradients[c * PIXELS + at] = grad_output
                    total += grad_output * image_features[image, y + row, x + column, c]
                state[PIXELS + at] += total


@inline_jit
def weights_vjp(
    features: np.ndarray,
    scene: int,
    n: int,
    gradients: np.ndarray,
    spans: np.ndarray,
    k: int,
    values: np.ndarray,
) -> None:
    """Compute gradients times features of one Gaussian, summed over channels.

    Args:
        features: Features, float32 [S, N, C].
        scene: Index of the scene.
        n: Index of the Gaussian.
        gradients: Gradients by channel, row and pixel.
        spans: First and end row of each Gaussian of the chunk.
        k: Index of the Gaussian within the chunk.
        values: Output, by row and pixel.
    """
    channels = features.shape[2]
    even = channels - channels % 2
    for row in range(spans[k, 0], spans[k, 1]):
        at = row * TILE
        total = other = broadcast(ZERO)
        for c in range(0, even, 2):
            total = fma(load(gradients, c * PIXELS + at), features[scene, n, c], total)
            other = fma(load(gradients, (c + 1) * PIXELS + at), features[scene, n, c + 1], other)
        if even < channels:
            total = fma(load(gradients, even * PIXELS + at), features[scene, n, even], total)
        store(values, at, total + other)


@inline_jit
def features_vjp(
    weights: np.ndarray,
    gradients: np.ndarray,
    spans: np.ndarray,
    k: int,
    slots: np.ndarray,
    slot: int,
) -> None:
    """Compute the gradients to a Gaussian's features: the sum of weights times gradients.

    Args:
        weights: Weights of the Gaussian, by row and pixel.
        gradients: Gradients by channel, row and pixel; up to FEATURE_GROUP - 1 padding channels.
        spans: First and end row of each Gaussian of the chunk.
        k: Index of the Gaussian within the chunk.
        slots: Output, one number per channel; up to TILE - 1 numbers behind are overwritten.
        slot: Index of the first number.
    """
    for c in range(0, len(gradients) // PIXELS, FEATURE_GROUP):
        plane = c * PIXELS
        s0 = s1 = s2 = s3 = broadcast(ZERO)
        for row in range(spans[k, 0], spans[k, 1]):
            at = plane + row * TILE
            weight = load(weights, row * TILE)
            s0 = fma(weight, load(gradients, at), s0)
            s1 = fma(weight, load(gradients, at + PIXELS), s1)
            s2 = fma(weight, load(gradients, at + 2 * PIXELS), s2)
            s3 = fma(weight, load(gradients, at + 3 * PIXELS), s3)
        store(slots, slot + c, horizontal_sum((s0, s1, s2, s3)))
