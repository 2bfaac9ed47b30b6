"""The vector type, lane by lane, against numpy."""

import numpy as np
import pytest

from gaussrep.kernels.jit import kernel
from gaussrep.kernels.simd import (
    EXP2_COEFFICIENTS,
    ROUNDER,
    WIDTH,
    absolute,
    broadcast,
    broadcast_load,
    count_trailing_zeros,
    exp2,
    fma,
    fnma,
    iota,
    is_positive,
    load,
    load_masked,
    make_product,
    maximum,
    minimum,
    movemask,
    reciprocal,
    select,
    sqrt,
    store,
    store_masked,
    store_sums,
    transpose,
)
from gaussrep.kernels.simd.memory import CACHE_LINE, allocate

ONE, THREE = np.float32(1), np.float32(3)


def numbers(seed, count=WIDTH):
    return np.random.default_rng(seed).normal(size=count).astype(np.float32)


@kernel
def arithmetic(x, y, out):
    a, b = load(x, 0), load(y, 0)
    store(out, 0, a + b * THREE)
    store(out, WIDTH, (THREE - a) / b)
    store(out, 2 * WIDTH, fma(a, THREE, b))
    store(out, 3 * WIDTH, fnma(a, b, THREE))
    store(out, 4 * WIDTH, minimum(a, b) - maximum(a, broadcast(THREE)))
    store(out, 5 * WIDTH, select((a > b) & (a <= THREE), iota(), a))
    store(out, 6 * WIDTH, select((a > b) | (a <= ONE), broadcast_load(y, 1), a))
    return movemask(a >= b)


def test_arithmetic():
    x, y, out = numbers(1), numbers(2), np.empty(7 * WIDTH, np.float32)
    greater = arithmetic(x, y, out)
    expected = [
        x + y * 3,
        (3 - x) / y,
        x * 3 + y,
        3 - x * y,
        np.minimum(x, y) - np.maximum(x, 3),
        np.where((x > y) & (x <= 3), np.arange(WIDTH), x),
        np.where((x > y) | (x <= 1), y[1], x),
    ]
    np.testing.assert_allclose(out.reshape(7, WIDTH), expected, rtol=1e-6, atol=1e-6)
    assert greater == sum(1 << lane for lane in range(WIDTH) if x[lane] >= y[lane])


@kernel
def order(x, y):
    return minimum(x, y), maximum(x, y)


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (2, -3),
        (-1, 4),
        (np.uint32(1), np.uint32(1 << 31)),
        (1.5, 2),
        (np.float32(2), np.float32(-0.5)),
        (0.0, -0.0),
        (-0.0, 0.0),
        (np.nan, 1.0),
        (1.0, np.nan),
    ],
)
def test_scalars_are_ordered_as_by_python(x, y):
    low, high = order(x, y)
    assert (str(float(low)), str(float(high))) == (str(float(min(x, y))), str(float(max(x, y))))


@kernel
def fill(count):
    floats, bytes_ = allocate(count, np.float32), allocate(count, np.uint8)
    for at in range(count):
        floats[at] = bytes_[at] = at
    return floats, bytes_, floats.ctypes.data, bytes_.ctypes.data


@pytest.mark.parametrize("count", [0, 1, 100])
def test_arrays_begin_with_a_cache_line(count):
    *arrays, floats, bytes_ = fill(count)
    assert floats % CACHE_LINE == bytes_ % CACHE_LINE == 0
    for array, dtype in zip(arrays, (np.float32, np.uint8), strict=True):
        assert array.dtype == dtype
        assert array.tolist() == list(range(count))


@kernel
def sum_ten(x, out):
    rows = (load(x, 0), load(x, WIDTH), load(x, 2 * WIDTH), load(x, 3 * WIDTH), load(x, 4 * WIDTH))
    more = (load(x, 5 * WIDTH), load(x, 6 * WIDTH), load(x, 7 * WIDTH), load(x, 8 * WIDTH))
    store_sums(out, 1, (*rows, *more, load(x, 9 * WIDTH)))


def test_sums_stand_side_by_side():
    x, out = numbers(3, 10 * WIDTH), np.full(20, 7, np.float32)
    sum_ten(x, out)
    end = 1 - (-10 // WIDTH) * WIDTH
    np.testing.assert_allclose(out[1:11], x.reshape(10, WIDTH).sum(1), atol=1e-5)
    assert (out[11:end] == 0).all()
    assert (out[end:] == 7).all()
    assert out[0] == 7


@kernel
def copy(x, out, count):
    store(out, 0, load_masked(x, 1, count))
    store_masked(out, WIDTH, load(x, 1), count)
    return count_trailing_zeros(count)


@pytest.mark.parametrize("count", [-3, 4, 2 * WIDTH, 5])
def test_memory(count):
    x, out = numbers(4, WIDTH + 1), np.full(2 * WIDTH, 7, np.float32)
    zeros = copy(x, out, count)
    kept = min(max(count, 0), WIDTH)
    assert (out[:kept] == x[1 : kept + 1]).all()
    assert (out[kept:WIDTH] == 0).all()
    assert (out[WIDTH : WIDTH + kept] == x[1 : kept + 1]).all()
    assert (out[WIDTH + kept :] == 7).all()
    assert count >> zeros & 1
    assert count % (1 << zeros) == 0


@kernel
def functions(x, y, coefficients, out):
    c = coefficients
    lanes = (
        broadcast_load(c, 0),
        broadcast_load(c, 1),
        broadcast_load(c, 2),
        broadcast_load(c, 3),
        broadcast_load(c, 4),
    )
    for at in range(0, len(x), WIDTH):
        store(out[0], at, exp2(load(x, at), broadcast(ROUNDER), lanes))
        store(out[1], at, reciprocal(load(y, at)))
        store(out[2], at, sqrt(load(y, at)))


def test_powers_reciprocals_and_roots():
    x = np.linspace(-100, 100, 16 * 4096, dtype=np.float32)
    y = np.geomspace(1e-6, 1e6, len(x)).astype(np.float32)
    out = np.empty((3, len(x)), np.float32)
    functions(x, y, EXP2_COEFFICIENTS, out)
    assert np.abs(out[0] / np.exp2(x.astype(np.float64)) - 1).max() < 3e-6
    assert np.abs(out[1] * y.astype(np.float64) - 1).max() < 3e-7
    assert np.abs(out[2].astype(np.float64) ** 2 / y - 1).max() < 2e-7


@kernel
def signs(x, out):
    store(out, 0, absolute(load(x, 0)))
    store(out, WIDTH, sqrt(load(x, 0)))
    return movemask(is_positive(load(x, 0)))


def test_signs():
    x = np.resize(np.array([0.0, -0.0, 2.0, -3.0], np.float32), WIDTH)
    out = np.empty(2 * WIDTH, np.float32)
    assert signs(x, out) == int("0101" * (WIDTH // 4), 2)
    assert (out[:WIDTH] == np.abs(x)).all()
    assert np.array_equal(np.isnan(out[WIDTH:]), x < 0)


plain, listed = make_product(3, 2), make_product(3, 2, listed=True)
last, replaced = make_product(3, 2, out="last"), make_product(3, 2, out="replaced")


@kernel
def multiply_plain(left, rows, right, starts, out, places):
    plain(left, rows, 2, right, 1, 3 * WIDTH, out, places, 5)


@kernel
def multiply_listed(left, rows, right, starts, out, places):
    listed(left, rows, 2, right, 1, starts, out, places, 5)


@kernel
def multiply_last(left, rows, right, starts, out, places):
    last(left, rows, 2, right, 1, 3 * WIDTH, out, places, 5)


@kernel
def multiply_replaced(left, rows, right, starts, out, places):
    replaced(left, rows, 2, right, 1, 3 * WIDTH, out, places, 5)


@pytest.mark.parametrize(
    "multiply", [multiply_plain, multiply_listed, multiply_last, multiply_replaced]
)
def test_products_of_scattered_rows(multiply):
    left, right, out = numbers(5, 40), numbers(6, 20 * WIDTH), numbers(7, 8 * WIDTH)
    rows, places = np.array([1, 17, 4]), np.array([0, 5, 2]) * WIDTH
    starts = [7, 0, 11, 3, 2] if multiply is multiply_listed else [0, 3, 6, 9, 12]
    starts = np.array(starts) * WIDTH
    expected = out.copy()
    for row, place in zip(rows, places, strict=True):
        if multiply is multiply_replaced:
            expected[place : place + 2 * WIDTH] = 0
        for t, start in enumerate(starts):
            values = right[start + 1 : start + 1 + 2 * WIDTH]
            expected[place : place + 2 * WIDTH] += left[row + 2 * t] * values
    multiply(left, rows, right, starts, out, places)
    np.testing.assert_allclose(out, expected, rtol=1e-5, atol=1e-5)


@kernel
def transpose_square(x, out):
    transpose(x, 2, WIDTH + 1, out, 1, WIDTH)


def test_transpose():
    x, out = numbers(8, (WIDTH + 1) ** 2 + 2), np.empty(WIDTH**2 + 1, np.float32)
    transpose_square(x, out)
    square = x[2 : 2 + WIDTH * (WIDTH + 1)].reshape(WIDTH, WIDTH + 1)[:, :WIDTH]
    assert (out[1:].reshape(WIDTH, WIDTH) == square.T).all()
