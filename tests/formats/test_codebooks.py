import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gaussrep.formats.codebooks import (
    Vectors,
    choose_numbers,
    nearest_numbers,
    quantize_numbers,
    quantize_vectors,
)


def as_vectors(array):
    """The vectors of an array, from rows in the reverse order."""
    return Vectors(torch.from_numpy(array).flip(0), torch.arange(len(array)).flip(0))


def test_few_numbers_are_kept():
    values = np.float32([[3, 1], [1, -0.5]])
    codes = quantize_numbers(values, 3)
    assert codes.entries.tolist() == [-0.5, 1, 3]
    np.testing.assert_array_equal(codes.entries[codes.labels], values)


@pytest.mark.parametrize("outlier", [0, 1e6])
def test_many_numbers_are_near_their_entries(outlier):
    values = np.append(np.random.default_rng(0).normal(size=20_000), outlier)
    codes = quantize_numbers(values, 256)
    assert len(codes.entries) <= 256
    error = values - codes.entries[codes.labels]
    # Panter and Dite: √3 π / 2 / 256² of a normal distribution's variance.
    assert outlier or np.square(error).mean() < 1.1 * np.sqrt(3) * np.pi / 2 / 256**2
    assert np.abs(error).max() < (0.3 if not outlier else 130)
    nearest = np.abs(values[:500, None] - codes.entries).min(1)
    np.testing.assert_allclose(np.abs(error[:500]), nearest, atol=1e-7)


FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(
    arrays(np.float32, st.integers(2, 60), elements=FINITE),
    arrays(np.float32, st.integers(1, 60), elements=FINITE),
    st.sampled_from([1.0, 1e-30]),
)
@example(np.float32([0, 1e-45]), np.float32([0, 1e-45]), 1.0)
@example(np.float32([-3e38, 3e38]), np.float32([-3e38, 0, 3e38]), 1.0)
@example(np.float32([0, *np.linspace(1, 1.001, 30)]), np.float32([0.5, 1, 1.0005, 2]), 1.0)
def test_every_number_has_the_entry_that_a_search_by_halves_finds(entries, values, scale):
    entries = np.unique(entries).astype(np.float64) * scale
    limits = (entries[1:] + entries[:-1]) / 2
    values = np.concatenate([values * scale, entries, limits])
    np.testing.assert_array_equal(nearest_numbers(values, entries), limits.searchsorted(values))


@pytest.mark.parametrize("count", [1, 127, 128, 129, 1000])
def test_entries_are_the_means_of_their_numbers(count):
    """Lloyd's algorithm ends where every entry is the mean of the numbers nearest to it."""
    numbers = np.sort(np.random.default_rng(0).normal(size=count)) + 5
    entries = choose_numbers(numbers, 8)
    labels = nearest_numbers(numbers, entries)
    means = [numbers[labels == label].mean() for label in range(len(entries))]
    np.testing.assert_allclose(entries, means, atol=0.02)


def test_few_vectors_are_kept():
    distinct = np.random.default_rng(0).normal(size=(7, 9)).astype(np.float32)
    vectors = distinct[np.random.default_rng(1).integers(0, 7, 100)]
    codes = quantize_vectors(as_vectors(vectors), 8)
    assert len(codes.entries) == 7
    np.testing.assert_array_equal(codes.entries[codes.labels], vectors)


def test_vectors_find_their_groups():
    rng = np.random.default_rng(0)
    groups = 10 * rng.normal(size=(20, 9))
    vectors = (groups[rng.integers(0, 20, 3000)] + 0.01 * rng.normal(size=(3000, 9))).astype("f4")
    codes = quantize_vectors(as_vectors(vectors), 256)
    assert len(codes.entries) <= 256
    assert np.abs(codes.entries[codes.labels] - vectors).max() < 0.1
