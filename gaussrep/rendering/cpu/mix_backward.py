"""Feature channels of one tile, backwards."""

import numpy as np

from gaussrep.kernels.jit import inline_jit
from gaussrep.kernels.simd import broadcast, fma, horizontal_sum, load, store
from gaussrep.rendering.cpu.layout import FOLDED, PIXELS, TILE, ZERO


@inline_jit
def read_gradients(
    image: int,
    x: int,
    y: int,
    picture: np.ndarray,
    wanted: np.ndarray,
    gradients: np.ndarray,
    state: np.ndarray,
) -> None:
    """Copy the gradients to a tile's features, channels first.

    Args:
        image: Number of the image.
        x: Left pixel of the tile.
        y: Top pixel of the tile.
        picture: Finished features, float32 [I, H, W, C].
        wanted: Gradients to them, of the same shape.
        gradients: Written here: by channel, row and pixel.
        state: Its second plane, what is still behind each pixel, is added to here.
    """
    _, height, width, channels = picture.shape
    for at in range(0, len(gradients), TILE):
        store(gradients, at, broadcast(ZERO))
    if wanted.size == 0:
        return
    for start in range(0, channels, TILE):
        for row in range(min(TILE, height - y)):
            for column in range(min(TILE, width - x)):
                at = row * TILE + column
                total = ZERO
                for c in range(start, min(start + TILE, channels)):
                    slope = wanted[image, y + row, x + column, c]
                    gradients[c * PIXELS + at] = slope
                    total += slope * picture[image, y + row, x + column, c]
                state[PIXELS + at] += total


@inline_jit
def pull_features(
    features: np.ndarray,
    scene: int,
    n: int,
    gradients: np.ndarray,
    spans: np.ndarray,
    k: int,
    pulls: np.ndarray,
) -> None:
    """What the pixels of some rows want of a Gaussian's features: gradients times channels.

    Args:
        features: All Gaussians' channels, float32 [S, N, C].
        scene: Number of the scene.
        n: Number of the Gaussian.
        gradients: By channel, row and pixel.
        spans: First row and row after the last of the Gaussians of a tile.
        k: Which of them it is.
        pulls: Written here, by row and pixel.
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
        store(pulls, at, total + other)


@inline_jit
def sum_features(
    weights: np.ndarray,
    gradients: np.ndarray,
    spans: np.ndarray,
    k: int,
    sums_by_slot: np.ndarray,
    slot: int,
) -> None:
    """Gradients to a Gaussian's features: weights times gradients, over some rows.

    Args:
        weights: The Gaussian's, by row and pixel.
        gradients: By channel, row and pixel; up to FOLDED - 1 channels of padding at the end.
        spans: First row and row after the last of the Gaussians of a tile.
        k: Which of them it is.
        sums_by_slot: Written here, one number per channel; whatever follows them is overwritten.
        slot: From where on.
    """
    for c in range(0, len(gradients) // PIXELS, FOLDED):
        plane = c * PIXELS
        s0 = s1 = s2 = s3 = broadcast(ZERO)
        for row in range(spans[k, 0], spans[k, 1]):
            at = plane + row * TILE
            weight = load(weights, row * TILE)
            s0 = fma(weight, load(gradients, at), s0)
            s1 = fma(weight, load(gradients, at + PIXELS), s1)
            s2 = fma(weight, load(gradients, at + 2 * PIXELS), s2)
            s3 = fma(weight, load(gradients, at + 3 * PIXELS), s3)
        store(sums_by_slot, slot + c, horizontal_sum((s0, s1, s2, s3)))
