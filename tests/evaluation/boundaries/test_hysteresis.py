import numpy as np
import pytest

from gaussrep.evaluation.boundaries.hysteresis import hysteresis_strength


def test_a_weak_pixel_is_lifted_by_a_strong_neighbor():
    magnitude = np.array([[0.5, 0.0, 0.0, 1.0, 0.5, 0.3, 0.0, 0.5]])
    found = hysteresis_strength(magnitude, 0.5)
    np.testing.assert_allclose(found, [[0.5, 0, 0, 1.0, 1.0, 0.6, 0, 0.5]])


def test_diagonals_connect():
    magnitude = np.array([[1.0, 0.0], [0.0, 0.4]])
    np.testing.assert_allclose(hysteresis_strength(magnitude, 0.4), [[1.0, 0], [0, 1.0]])


@pytest.mark.parametrize("threshold", [0.1, 0.35, 0.6, 0.85, 0.99])
@pytest.mark.parametrize("low_to_high", [0.2, 0.4, 0.9])
def test_the_same_as_hysteresis_at_each_threshold(threshold, low_to_high):
    from scipy.ndimage import label

    rng = np.random.default_rng(3)
    magnitude = rng.random((40, 40)) * (rng.random((40, 40)) < 0.4)
    labels, count = label(magnitude >= low_to_high * threshold, np.ones((3, 3)))
    strong = np.unique(labels[magnitude >= threshold])
    expected = np.isin(labels, strong[strong > 0])
    found = hysteresis_strength(magnitude, low_to_high) >= threshold
    np.testing.assert_array_equal(found, expected)
    assert count > 0
