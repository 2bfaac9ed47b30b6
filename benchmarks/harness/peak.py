"""The rate of multiply-adds of one core, by which speeds on different machines are compared."""

from time import thread_time
from typing import Any

import numpy as np

from gaussrep.kernels import inline_jit, kernel
from gaussrep.kernels.simd import WIDTH, broadcast_load, fma, load, store

CHAINS = 12
ROUNDS = 200_000
MEASUREMENTS = 7


def multiply_adds_per_second() -> float:
    """Measure the multiply-adds per second of one core.

    Returns:
        The rate, multiply-adds of single numbers.
    """
    numbers, out = np.full(2, 0.5, np.float32), np.zeros(CHAINS * WIDTH, np.float32)
    _multiply_add(numbers, out, 1)
    seconds = []
    for _ in range(MEASUREMENTS):
        start = thread_time()
        _multiply_add(numbers, out, ROUNDS)
        seconds.append(thread_time() - start)
    return CHAINS * WIDTH * ROUNDS / min(seconds)


@inline_jit
def _three(out: np.ndarray, at: int) -> Any:
    return load(out, at * WIDTH), load(out, (at + 1) * WIDTH), load(out, (at + 2) * WIDTH)


@inline_jit
def _step(three: Any, factor: Any, term: Any) -> Any:
    return fma(three[0], factor, term), fma(three[1], factor, term), fma(three[2], factor, term)


@kernel
def _multiply_add(numbers: np.ndarray, out: np.ndarray, rounds: int) -> None:
    """Run twelve chains of multiply-adds, enough to hide the latency of each."""
    factor, term = broadcast_load(numbers, 0), broadcast_load(numbers, 1)
    a, b, c = _three(out, 0), _three(out, 3), _three(out, 6)
    d = _three(out, 9)
    for _ in range(rounds):
        a, b = _step(a, factor, term), _step(b, factor, term)
        c, d = _step(c, factor, term), _step(d, factor, term)
    for at, three in ((0, a), (3, b), (6, c), (9, d)):
        store(out, at * WIDTH, three[0])
        store(out, (at + 1) * WIDTH, three[1])
        store(out, (at + 2) * WIDTH, three[2])
