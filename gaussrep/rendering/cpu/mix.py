"""Feature channels of one tile: any number of them, mixed by the weights of the picture."""

import numpy as np

from gaussrep.kernels.jit import inline_jit
from gaussrep.kernels.simd import fma, load, store
from gaussrep.rendering.cpu.layout import PIXELS, TILE


@inline_jit
def mix_row(
    row: int,
    todo: np.ndarray,
    members: np.ndarray,
    features: np.ndarray,
    scene: int,
    weights: np.ndarray,
    mixed: np.ndarray,
) -> None:
    """Add weighted features to one row of pixels.

    Args:
        row: Row within the tile.
        todo: Which of the members touch the row.
        members: Gaussians of the tile.
        features: Their channels, float32 [S, N, C].
        scene: Number of the scene.
        weights: A row of pixels for each of `todo`.
        mixed: Sums by channel, row and pixel, added to here.
    """
    channels = features.shape[2]
    whole = channels - channels % 4
    for c in range(0, whole, 4):
        _mix_four(row, c, todo, members, features, scene, weights, mixed)
    for c in range(whole, channels):
        at = c * PIXELS + row * TILE
        total = load(mixed, at)
        for i in range(len(todo)):
            total = fma(load(weights, i * TILE), features[scene, members[todo[i]], c], total)
        store(mixed, at, total)


@inline_jit
def _mix_four(
    row: int,
    c: int,
    todo: np.ndarray,
    members: np.ndarray,
    features: np.ndarray,
    scene: int,
    weights: np.ndarray,
    mixed: np.ndarray,
) -> None:
    """Four channels at once share the loading of the weights."""
    at = c * PIXELS + row * TILE
    first, second = load(mixed, at), load(mixed, at + PIXELS)
    third, fourth = load(mixed, at + 2 * PIXELS), load(mixed, at + 3 * PIXELS)
    for i in range(len(todo)):
        weight = load(weights, i * TILE)
        n = members[todo[i]]
        first = fma(weight, features[scene, n, c], first)
        second = fma(weight, features[scene, n, c + 1], second)
        third = fma(weight, features[scene, n, c + 2], third)
        fourth = fma(weight, features[scene, n, c + 3], fourth)
    store(mixed, at, first)
    store(mixed, at + PIXELS, second)
    store(mixed, at + 2 * PIXELS, third)
    store(mixed, at + 3 * PIXELS, fourth)


@inline_jit
def write_mixed(image: int, x: int, y: int, mixed: np.ndarray, picture: np.ndarray) -> None:
    """Copy a tile's sums into the picture, where channels come last."""
    _, height, width, channels = picture.shape
    for start in range(0, channels, TILE):
        for row in range(min(TILE, height - y)):
            for column in range(min(TILE, width - x)):
                at = row * TILE + column
                for c in range(start, min(start + TILE, channels)):
                    picture[image, y + row, x + column, c] = mixed[c * PIXELS + at]
