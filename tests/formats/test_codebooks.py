import numpy as np
import pytest
import torch

from gaussrep.formats.codebooks import Vectors, quantize_numbers, quantize_vectors


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
