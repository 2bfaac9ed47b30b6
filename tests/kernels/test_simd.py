"""The vector type, lane by lane, against numpy."""

import numpy as np
import pytest

from gaussrep.kernels.jit import kernel
from gaussrep.kernels.simd import (
    broadcast,
    deinterleave,
    exp,
    fma,
    fnma,
    horizontal_sum,
    interleave,
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
from gaussrep.rendering.cpu.layout import LOG_MIN

THREE = np.float32(3)


def numbers(seed, count=16):
    return np.random.default_rng(seed).normal(size=count).astype(np.float32)


@kernel
def arithmetic(x, y, out):
    a, b = load(x, 0), load(y, 0)
    store(out, 0, a + b * THREE)
    store(out, 16, (THREE - a) / b)
    store(out, 32, fma(a, THREE, b))
    store(out, 48, fnma(a, b, THREE))
    store(out, 64, minimum(a, b) - maximum(a, broadcast(THREE)))
    store(out, 80, select((a > b) & (a <= THREE), iota(), a))
    return movemask(a >= b)


def test_arithmetic():
    x, y, out = numbers(1), numbers(2), np.empty(96, np.float32)
    greater = arithmetic(x, y, out)
    expected = [
        x + y * 3,
        (3 - x) / y,
        x * 3 + y,
        3 - x * y,
        np.minimum(x, y) - np.maximum(x, 3),
        np.where((x > y) & (x <= 3), np.arange(16), x),
    ]
    np.testing.assert_allclose(out.reshape(6, 16), expected, rtol=1e-6, atol=1e-6)
    assert greater == sum(1 << lane for lane in range(16) if x[lane] >= y[lane])


@kernel
def sum_three(x, out):
    store(out, 0, horizontal_sum((load(x, 0), load(x, 16), load(x, 32))))


def test_sums_stand_side_by_side():
    x, out = numbers(3, 48), np.empty(16, np.float32)
    sum_three(x, out)
    np.testing.assert_allclose(out[:3], x.reshape(3, 16).sum(1), atol=1e-5)
    assert (out[3:] == 0).all()


@kernel
def copy_pixels(planes, pixels, back, count):
    red, green, blue = load_masked(planes, 0, count), load(planes, 16), load(planes, 32)
    first, second, third = interleave(red, green, blue)
    store(pixels, 0, first)
    store_masked(pixels, 16, second, count)
    store(pixels, 32, third)
    red, green, blue = deinterleave(first, second, third)
    store(back, 0, red)
    store(back, 16, green)
    store(back, 32, blue)


@pytest.mark.parametrize("count", [-3, 0, 5, 16, 99])
def test_memory(count):
    planes, back = numbers(4, 48).reshape(3, 16), np.empty((3, 16), np.float32)
    pixels = np.full(48, 7, np.float32)
    copy_pixels(planes, pixels, back, count)
    expected = planes.copy()
    expected[0, max(count, 0) :] = 0
    assert (back == expected).all()
    interleaved = expected.T.flatten()
    interleaved[16 + min(max(count, 0), 16) : 32] = 7
    assert (pixels == interleaved).all()


@kernel
def exponentials(x, out):
    for at in range(0, len(x), 16):
        store(out, at, exp(load(x, at)))


def test_exponential():
    x = np.linspace(LOG_MIN, 0, 16 * 4096, dtype=np.float32)
    out = np.empty_like(x)
    exponentials(x, out)
    assert np.abs(out / np.exp(x.astype(np.float64)) - 1).max() < 3e-6
