"""A gradient to the order in depth, estimated as `gaussrep.rendering.order_gradient` does.

Front to back, every pixel keeps the last Gaussians that contributed to it. The next one that
contributes makes a pair with each of them, and then takes the place of the oldest. A Gaussian that
leaves adds what its pairs summed up to its total in the tile, pixel by pixel and in this order, so
that results are bitwise reproducible.
"""

from math import log, log2
from typing import Any, NamedTuple

import numpy as np

from gaussrep.kernels.jit import inline_jit, inline_jit_alloc
from gaussrep.kernels.simd import (
    EXP2_COEFFICIENTS,
    ROUNDER,
    WIDTH,
    absolute,
    broadcast,
    count_trailing_zeros,
    exp2,
    fnma,
    load,
    minimum,
    movemask,
    reciprocal,
    select,
    store,
)
from gaussrep.kernels.simd.memory import allocate
from gaussrep.rendering.cpu.layout import ONE, PIXELS, ZERO

PLANES = 5
ODDS, PULL, DEPTH, PUSH, RANK = (plane * WIDTH for plane in range(PLANES))
"""Offsets in the state of a remembered Gaussian: alpha / (1 - alpha), the gradient to its
log-weight, its depth, the sum of its pairs, and its place in the tile's list or -1."""
NO_RANK = np.float32(-1)
MAX_EXPONENT = np.float32(100)
LN_2 = np.float32(log(2))
C0, C1, C2, C3, C4 = (np.float32(number) for number in EXP2_COEFFICIENTS)


class OrderSettings(NamedTuple):
    """Settings of the estimate."""

    window: int
    """Pairs are at most this many places apart."""
    sharpness: np.float32
    """log2(e) / temperature, per scene unit."""
    longest: int
    """Length of the longest list of a tile."""


class OrderWorkspace(NamedTuple):
    """Working memory of a thread for one tile."""

    settings: OrderSettings
    remembered: np.ndarray
    """The last Gaussians of each cell, the latest first, at the offsets above."""
    totals: np.ndarray
    """Gradient to the depth of each Gaussian of the tile's list, by lane."""


def order_settings(window: int, temperature: float, longest: int) -> OrderSettings:
    """Convert the settings of the renderer.

    Args:
        window: Pairs are at most this many places apart.
        temperature: Difference of depth at which the order of a pair has the probability 0.73.
        longest: Length of the longest list of a tile.

    Returns:
        Settings for `composite_backward`.
    """
    return OrderSettings(window, np.float32(log2(np.e) / temperature), longest)


@inline_jit_alloc
def allocate_order(settings: OrderSettings | None) -> OrderWorkspace | None:
    """Allocate the working memory of a thread, if there is an estimate."""
    if settings is None:
        return None
    return OrderWorkspace(
        settings,
        allocate(settings.window * PLANES * PIXELS, np.float32),
        allocate(settings.longest * WIDTH, np.float32),
    )


@inline_jit
def clear_order(count: int, work: OrderWorkspace) -> None:
    """Forget all Gaussians, and reset the totals of the `count` ones of a tile."""
    for at in range(0, len(work.remembered), PLANES * WIDTH):
        for plane in range(0, RANK, WIDTH):
            store(work.remembered, at + plane, broadcast(ZERO))
        store(work.remembered, at + RANK, broadcast(NO_RANK))
    for at in range(0, count * WIDTH, WIDTH):
        store(work.totals, at, broadcast(ZERO))


@inline_jit
def order_vjp(
    pixel: int,
    alpha: Any,
    weight: Any,
    value: Any,
    depth: Any,
    rank: int,
    work: OrderWorkspace,
) -> None:
    """Pair a Gaussian with those that a cell remembers, and remember it.

    Args:
        pixel: First pixel of the cell.
        alpha: Alphas of the Gaussian.
        weight: Its weights; it contributes to pixels of positive ones.
        value: Derivatives of the loss to its weights.
        depth: Its depth in every lane.
        rank: Its place in the tile's list.
        work: Working memory.
    """
    contributes = weight > ZERO
    if movemask(contributes) == 0:
        return
    settings, state, step = work.settings, work.remembered, PLANES * WIDTH
    first = pixel * PLANES * settings.window
    pull, push = value * weight, broadcast(ZERO)
    for at in range(first, first + settings.window * step, step):
        change = fnma(load(state, at + PULL), alpha, pull * load(state, at + ODDS))
        change = change * _slope(depth - load(state, at + DEPTH), settings.sharpness)
        change = select(contributes, change, ZERO)
        store(state, at + PUSH, load(state, at + PUSH) + change)
        push = push - change
    last = first + (settings.window - 1) * step
    _leave(contributes, last, work)
    for at in range(last, first, -step):
        for plane in range(0, step, WIDTH):
            newer, older = load(state, at + plane - step), load(state, at + plane)
            store(state, at + plane, select(contributes, newer, older))
    odds = alpha * reciprocal(ONE - alpha)
    store(state, first + ODDS, select(contributes, odds, load(state, first + ODDS)))
    store(state, first + PULL, select(contributes, pull, load(state, first + PULL)))
    store(state, first + DEPTH, select(contributes, depth, load(state, first + DEPTH)))
    store(state, first + PUSH, select(contributes, push, load(state, first + PUSH)))
    ranks = broadcast(np.float32(rank))
    store(state, first + RANK, select(contributes, ranks, load(state, first + RANK)))


@inline_jit
def _slope(difference: Any, sharpness: np.float32) -> Any:
    """Differentiate the probability of the order of a pair by the difference of its depths."""
    exponent = ZERO - minimum(absolute(difference * sharpness), MAX_EXPONENT)
    odds = exp2(exponent, broadcast(ROUNDER), (C0, C1, C2, C3, C4))
    probability = reciprocal(odds + ONE)
    return odds * probability * probability * (LN_2 * sharpness)


@inline_jit
def _leave(contributes: Any, at: int, work: OrderWorkspace) -> None:
    """Add the sums of remembered Gaussians to their totals, in the lanes of a mask."""
    state, totals = work.remembered, work.totals
    lanes = movemask(contributes)
    rank = state[at + RANK + count_trailing_zeros(lanes)]
    others = movemask(contributes & (absolute(load(state, at + RANK) - rank) > ZERO))
    if others == 0:  # the usual case: in all lanes the same Gaussian
        if rank >= 0:
            total = np.int64(rank) * WIDTH
            push = select(contributes, load(state, at + PUSH), ZERO)
            store(totals, total, load(totals, total) + push)
        return
    while lanes:
        lane = count_trailing_zeros(lanes)
        lanes &= lanes - 1
        rank = state[at + RANK + lane]
        if rank >= 0:
            totals[np.int64(rank) * WIDTH + lane] += state[at + PUSH + lane]


@inline_jit
def finish_order(work: OrderWorkspace) -> None:
    """Let all remembered Gaussians of a tile leave."""
    step = PLANES * WIDTH
    for at in range(0, len(work.remembered), step):
        is_there = load(work.remembered, at + RANK) > NO_RANK
        if movemask(is_there):
            _leave(is_there, at, work)


@inline_jit
def order_total(rank: int, work: OrderWorkspace) -> np.float32:
    """Sum the total of a Gaussian over the lanes.

    Args:
        rank: Its place in the tile's list.
        work: Working memory, after `finish_order`.

    Returns:
        The gradient to its depth in the tile.
    """
    total = ZERO
    for at in range(rank * WIDTH, (rank + 1) * WIDTH):
        total += work.totals[at]
    return total
