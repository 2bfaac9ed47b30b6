"""Fourth stage: the picture, front to back."""

from typing import Any, NamedTuple

import numpy as np

from gaussrep.kernels.jit import inline_jit, kernel
from gaussrep.kernels.simd import (
    broadcast,
    fma,
    interleave,
    load,
    minimum,
    movemask,
    select,
    store,
    store_masked,
)
from gaussrep.kernels.threads import NONE, Tasks, claim
from gaussrep.rendering.cpu.layout import (
    BLUE,
    DEPTH,
    GREEN,
    MAX_ALPHA,
    ONE,
    PIXELS,
    RED,
    TILE,
    TRANSMITTANCE_MIN,
    ZERO,
    Bins,
    Grid,
    Pictures,
)
from gaussrep.rendering.cpu.mix import mix_row, write_mixed
from gaussrep.rendering.cpu.tile import CHUNK, SIZE, falloff, take_up

LEFT, ALPHA, FAR, REDS, GREENS, BLUES = (plane * PIXELS for plane in range(6))
"""Places in a tile's state: transmittance, sums of weights, of weighted depths and colors."""

STRIDE = 16
"""Gaussians between two looks whether a row is finished."""


class Desk(NamedTuple):
    """What a thread needs to draw a tile; all of it stays in its caches."""

    state: np.ndarray
    """Planes of pixels, at the places above."""
    mixed: np.ndarray
    """A plane of pixels per feature channel."""
    local: np.ndarray
    """Gaussians, see `take_up`."""
    spans: np.ndarray
    """Their rows, see `take_up`."""
    lists: np.ndarray
    """For each row, which Gaussians touch it."""
    lengths: np.ndarray
    """How many do."""
    weights: np.ndarray
    """What each of them weighs in the pixels of one row."""


@kernel
def composite(
    tasks: Tasks,
    records: np.ndarray,
    features: np.ndarray,
    background: np.ndarray,
    grid: Grid,
    bins: Bins,
    pictures: Pictures,
) -> None:
    """Draw; one task is a tile of one image.

    Args:
        tasks: What this thread is to do.
        records: Projected Gaussians, float32 [I * N * RECORD].
        features: Further channels, float32 [S, N, C].
        background: RGB behind the Gaussians, float32 [I, 3].
        grid: Size of the images.
        bins: What each tile must draw.
        pictures: The pictures, written here.
    """
    scenes, count, channels = features.shape
    views = len(background) // max(1, scenes)
    desk = Desk(
        np.empty(6 * PIXELS, np.float32),
        np.empty(channels * PIXELS, np.float32),
        np.empty(CHUNK * SIZE, np.float32),
        np.empty((CHUNK, 2), np.int64),
        np.empty(TILE * CHUNK, np.int64),
        np.empty(TILE, np.int64),
        np.empty(CHUNK * TILE, np.float32),
    )
    while True:
        tile = claim(tasks)
        if tile == NONE:
            return
        image, place = divmod(tile, grid.columns * grid.rows)
        x, y = place % grid.columns * TILE, place // grid.columns * TILE
        _clear(desk, grid.width - x)
        start, end = bins.starts[tile], bins.ends[tile]
        unfinished = True
        while start < end and unfinished:
            taken = min(end - start, CHUNK)
            members = bins.members[start : start + taken]
            take_up(members, records, image * count, x, y, grid.height, desk.local, desk.spans)
            unfinished = _draw(members, features, image // views, desk)
            start += taken
        _write(image, x, y, desk.state, background, grid, pictures)
        write_mixed(image, x, y, desk.mixed, pictures.features)


@inline_jit
def _clear(desk: Desk, width: int) -> None:
    """Full transmittance, none beyond the image's right edge; nothing summed yet."""
    for at in range(0, len(desk.state), TILE):
        store(desk.state, at, broadcast(ZERO))
    for at in range(0, len(desk.mixed), TILE):
        store(desk.mixed, at, broadcast(ZERO))
    for row in range(TILE):
        store_masked(desk.state, LEFT + row * TILE, broadcast(ONE), width)


@inline_jit
def _draw(members: np.ndarray, features: np.ndarray, scene: int, desk: Desk) -> bool:
    """Add a chunk of Gaussians to a tile; false where no pixel is left to add to."""
    for row in range(TILE):
        desk.lengths[row] = 0
    for k in range(len(members)):
        for row in range(desk.spans[k, 0], desk.spans[k, 1]):
            desk.lists[row * CHUNK + desk.lengths[row]] = k
            desk.lengths[row] += 1
    unfinished = False
    for row in range(TILE):
        done = _add_row(row, desk)
        if len(desk.mixed):
            todo = desk.lists[row * CHUNK : row * CHUNK + done]
            mix_row(row, todo, members, features, scene, desk.weights, desk.mixed)
        unfinished |= movemask(load(desk.state, LEFT + row * TILE) > ZERO) != 0
    return unfinished


@inline_jit
def _add_row(row: int, desk: Desk) -> int:
    """Composite Gaussians over one row of pixels; how many, until all of its pixels stopped."""
    at, count, local = row * TILE, desk.lengths[row], desk.local
    left, alpha = load(desk.state, LEFT + at), load(desk.state, ALPHA + at)
    far, red = load(desk.state, FAR + at), load(desk.state, REDS + at)
    green, blue = load(desk.state, GREENS + at), load(desk.state, BLUES + at)
    done = 0
    while done < count and movemask(left > ZERO) != 0:
        for i in range(done, min(done + STRIDE, count)):
            near = desk.lists[row * CHUNK + i] * SIZE
            uncapped, counts = falloff(local, near, row)
            weight = select(counts, minimum(uncapped, broadcast(MAX_ALPHA)), ZERO) * left
            after = left - weight
            goes_on = after > TRANSMITTANCE_MIN
            weight = select(goes_on, weight, ZERO)
            left = select(goes_on, after, ZERO)
            alpha = alpha + weight
            far = fma(weight, local[near + DEPTH], far)
            red = fma(weight, local[near + RED], red)
            green = fma(weight, local[near + GREEN], green)
            blue = fma(weight, local[near + BLUE], blue)
            if len(desk.mixed):
                store(desk.weights, i * TILE, weight)
        done = min(done + STRIDE, count)
    store(desk.state, LEFT + at, left)
    store(desk.state, ALPHA + at, alpha)
    store(desk.state, FAR + at, far)
    store(desk.state, REDS + at, red)
    store(desk.state, GREENS + at, green)
    store(desk.state, BLUES + at, blue)
    return done


@inline_jit
def _write(
    image: int, x: int, y: int, state: np.ndarray, background: Any, grid: Grid, pictures: Pictures
) -> None:
    width = grid.width - x
    for row in range(min(TILE, grid.height - y)):
        at, pixel = row * TILE, (image * grid.height + y + row) * grid.width + x
        alpha = load(state, ALPHA + at)
        store_masked(pictures.alpha, pixel, alpha, width)
        far = load(state, FAR + at) / select(alpha > ZERO, alpha, ONE)
        store_masked(pictures.depth, pixel, far, width)
        rest = ONE - alpha
        red, green, blue = interleave(
            fma(rest, background[image, 0], load(state, REDS + at)),
            fma(rest, background[image, 1], load(state, GREENS + at)),
            fma(rest, background[image, 2], load(state, BLUES + at)),
        )
        store_masked(pictures.color, 3 * pixel, red, 3 * width)
        store_masked(pictures.color, 3 * pixel + TILE, green, 3 * width - TILE)
        store_masked(pictures.color, 3 * pixel + 2 * TILE, blue, 3 * width - 2 * TILE)
