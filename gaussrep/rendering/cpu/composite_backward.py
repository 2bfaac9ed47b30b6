"""Fourth stage, backwards: what each tile wants of each of its Gaussians.

The tile is walked front to back again. A pixel keeps its transmittance T and the gradient-weighted
sum S of all that is still behind; then a Gaussian of weight w = alpha T and gradient-weighted value
v changes the loss with its log-opacity by w v - S alpha / (1 - alpha), S taken after it. The first
S follows from the finished picture. The sums over a tile's pixels go to a slot of their own for
every pair of tile and Gaussian, so that threads never meet and every run gives the same bits.
"""

from typing import Any, NamedTuple

import numpy as np

from gaussrep.kernels.jit import inline_jit, kernel
from gaussrep.kernels.simd import (
    broadcast,
    deinterleave,
    fma,
    fnma,
    horizontal_sum,
    iota,
    load,
    load_masked,
    maximum,
    minimum,
    movemask,
    select,
    store,
    store_masked,
)
from gaussrep.kernels.threads import NONE, Tasks, claim
from gaussrep.rendering.cpu.layout import (
    BLOCK,
    BLUE,
    DEPTH,
    FOLDED,
    GREEN,
    MAX_ALPHA,
    MOMENTS,
    ONE,
    PIXELS,
    RED,
    TILE,
    TRANSMITTANCE_MIN,
    ZERO,
    Bins,
    Grid,
    Pictures,
    Slots,
    Splats,
)
from gaussrep.rendering.cpu.mix_backward import pull_features, read_gradients, sum_features
from gaussrep.rendering.cpu.tile import CHUNK, DX, DY, SIZE, falloff, take_up

LEFT, BEHIND, FAR, ALPHA, REDS, GREENS, BLUES = (plane * PIXELS for plane in range(7))
"""Places in a tile's state: T, S, and gradients to sums of weighted depth, weight and color."""

STRIDE = 16
"""Gaussians between two looks whether the tile is finished."""


class Desk(NamedTuple):
    """What a thread needs for a tile; all of it stays in its caches."""

    state: np.ndarray
    """Planes of pixels, at the places above."""
    mixed: np.ndarray
    """Gradients to the features: a plane of pixels per channel."""
    local: np.ndarray
    """Gaussians, see `take_up`."""
    spans: np.ndarray
    """Their rows, see `take_up`."""
    pulls: np.ndarray
    """What the pixels want of one Gaussian's features."""
    weights: np.ndarray
    """What it weighs in them."""


@kernel
def composite_backward(
    tasks: Tasks,
    features: np.ndarray,
    background: np.ndarray,
    grid: Grid,
    splats: Splats,
    bins: Bins,
    pictures: Pictures,
    wanted: Pictures,
    slots: Slots,
) -> None:
    """Fill the slots; one task is a tile of one image.

    Args:
        tasks: What this thread is to do.
        features: Further channels, float32 [S, N, C].
        background: RGB behind the Gaussians, float32 [I, 3].
        grid: Size of the images.
        splats: Projected Gaussians.
        bins: What each tile drew.
        pictures: The finished pictures.
        wanted: Gradients to the pictures; empty for those that the loss does not use.
        slots: Written here.
    """
    scenes, count, channels = features.shape
    views = len(background) // max(1, scenes)
    desk = Desk(
        np.empty(7 * PIXELS, np.float32),
        np.empty(-(-channels // FOLDED) * FOLDED * PIXELS, np.float32),
        np.empty(CHUNK * SIZE, np.float32),
        np.empty((CHUNK, 2), np.int64),
        np.empty(PIXELS, np.float32),
        np.empty(PIXELS, np.float32),
    )
    while True:
        tile = claim(tasks)
        if tile == NONE:
            return
        image, place = divmod(tile, grid.columns * grid.rows)
        row, column = divmod(place, grid.columns)
        x, y = column * TILE, row * TILE
        _read(image, x, y, background, grid, pictures, wanted, desk.state, slots.background, tile)
        read_gradients(image, x, y, pictures.features, wanted.features, desk.mixed, desk.state)
        start, end = bins.starts[tile], bins.ends[tile]
        unfinished = True
        while start < end:
            members = bins.members[start : min(end, start + CHUNK)]
            if unfinished:
                records, base = splats.records, image * count
                take_up(members, records, base, x, y, grid.height, desk.local, desk.spans)
            for k in range(len(members)):
                if k % STRIDE == 0 and unfinished:
                    unfinished = _any_left(desk.state)
                n = members[k]
                slot = slots.size * _slot_of(splats, slots, image, n, column, row)
                if not unfinished or desk.spans[k, 1] == 0:
                    _clear(slots, slot)
                    continue
                if channels:
                    scene = image // views
                    pull_features(features, scene, n, desk.mixed, desk.spans, k, desk.pulls)
                _sum(k, desk, slots.sums, slot)
                if channels:
                    at = slot + MOMENTS
                    sum_features(desk.weights, desk.mixed, desk.spans, k, slots.sums, at)
            start += CHUNK


@inline_jit
def _slot_of(splats: Splats, slots: Slots, image: int, n: int, column: int, row: int) -> int:
    """The slot of a Gaussian and a tile: a Gaussian's lie together, row by row of its box."""
    splat = image * splats.depths.shape[1] + n
    left, top, right = splats.boxes[splat, 0], splats.boxes[splat, 1], splats.boxes[splat, 2]
    place = (row - top) * (right - left) + column - left
    return slots.starts[image, n // BLOCK] + splats.first[splat] + place


@inline_jit
def _clear(slots: Slots, slot: int) -> None:
    for at in range(slot, slot + slots.size):
        slots.sums[at] = ZERO


@inline_jit
def _any_left(state: np.ndarray) -> bool:
    most = broadcast(ZERO)
    for row in range(TILE):
        most = maximum(most, load(state, LEFT + row * TILE))
    return movemask(most > ZERO) != 0


@inline_jit
def _read(
    image: int,
    x: int,
    y: int,
    background: np.ndarray,
    grid: Grid,
    pictures: Pictures,
    wanted: Pictures,
    state: np.ndarray,
    background_sums: np.ndarray,
    tile: int,
) -> None:
    """Fill a tile's state from the pictures and their gradients; sum the background's gradient."""
    red, green, blue = background[image, 0], background[image, 1], background[image, 2]
    to_red = to_green = to_blue = broadcast(ZERO)
    width = grid.width - x
    wanted_colors = width if wanted.color.size else 0
    wanted_alphas = width if wanted.alpha.size else 0
    wanted_depths = width if wanted.depth.size else 0
    for at in range(0, len(state), TILE):
        store(state, at, broadcast(ZERO))
    for row in range(min(TILE, grid.height - y)):
        at, pixel = row * TILE, (image * grid.height + y + row) * grid.width + x
        reds, greens, blues = _load_colors(pictures.color, pixel, width)
        wanted_red, wanted_green, wanted_blue = _load_colors(wanted.color, pixel, wanted_colors)
        alpha = load_masked(pictures.alpha, pixel, width)
        rest = load_masked(wanted.alpha, pixel, wanted_alphas)
        far = load_masked(wanted.depth, pixel, wanted_depths) / select(alpha > ZERO, alpha, ONE)
        behind = fma(wanted_red, reds - red, rest * alpha)
        behind = fma(wanted_blue, blues - blue, fma(wanted_green, greens - green, behind))
        rest = fnma(wanted_blue, blue, fnma(wanted_green, green, fnma(wanted_red, red, rest)))
        store_masked(state, LEFT + at, broadcast(ONE), width)
        store(state, BEHIND + at, behind)
        store(state, FAR + at, far)
        store(state, ALPHA + at, fnma(far, load_masked(pictures.depth, pixel, width), rest))
        store(state, REDS + at, wanted_red)
        store(state, GREENS + at, wanted_green)
        store(state, BLUES + at, wanted_blue)
        to_red = fma(wanted_red, ONE - alpha, to_red)
        to_green = fma(wanted_green, ONE - alpha, to_green)
        to_blue = fma(wanted_blue, ONE - alpha, to_blue)
    store(background_sums, tile * TILE, horizontal_sum((to_red, to_green, to_blue)))


@inline_jit
def _load_colors(colors: np.ndarray, pixel: int, width: int) -> Any:
    return deinterleave(
        load_masked(colors, 3 * pixel, 3 * width),
        load_masked(colors, 3 * pixel + TILE, 3 * width - TILE),
        load_masked(colors, 3 * pixel + 2 * TILE, 3 * width - 2 * TILE),
    )


@inline_jit
def _sum(k: int, desk: Desk, sums_by_slot: np.ndarray, slot: int) -> None:
    """Walk the rows of one Gaussian, move its pixels on, and write what they want of it."""
    local, state, near = desk.local, desk.state, k * SIZE
    flat = tilt = bend = to_red = to_green = to_blue = to_depth = broadcast(ZERO)
    for row in range(desk.spans[k, 0], desk.spans[k, 1]):
        at = row * TILE
        uncapped, counts = falloff(local, near, row)
        alpha = select(counts, minimum(uncapped, broadcast(MAX_ALPHA)), ZERO)
        left, behind = load(state, LEFT + at), load(state, BEHIND + at)
        wanted_red, wanted_green = load(state, REDS + at), load(state, GREENS + at)
        wanted_blue, wanted_far = load(state, BLUES + at), load(state, FAR + at)
        weight = alpha * left
        after = left - weight
        goes_on = after > TRANSMITTANCE_MIN
        weight = select(goes_on, weight, ZERO)
        store(state, LEFT + at, select(goes_on, after, ZERO))
        pull = fma(wanted_far, local[near + DEPTH], load(state, ALPHA + at))
        pull = fma(wanted_red, local[near + RED], pull)
        pull = fma(wanted_green, local[near + GREEN], pull)
        pull = fma(wanted_blue, local[near + BLUE], pull)
        if len(desk.mixed):
            pull = pull + load(desk.pulls, at)
            store(desk.weights, at, weight)
        behind = fnma(weight, pull, behind)
        store(state, BEHIND + at, behind)
        slope = fnma(behind, alpha / (ONE - alpha), weight * pull)
        slope = select(goes_on & (uncapped <= MAX_ALPHA), slope, ZERO)
        dy = local[near + DY] + np.float32(row)
        flat = flat + slope
        tilted = slope * dy
        tilt = tilt + tilted
        bend = fma(tilted, dy, bend)
        to_red = fma(weight, wanted_red, to_red)
        to_green = fma(weight, wanted_green, to_green)
        to_blue = fma(weight, wanted_blue, to_blue)
        to_depth = fma(weight, wanted_far, to_depth)
    dx = iota() + local[near + DX]
    across = flat * dx
    moments = (flat, across, across * dx, tilt, tilt * dx, bend)
    store(sums_by_slot, slot, horizontal_sum((*moments, to_red, to_green, to_blue, to_depth)))
