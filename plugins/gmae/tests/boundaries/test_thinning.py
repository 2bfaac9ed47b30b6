import numpy as np
import pytest

from gaussrep_gmae.boundaries import thin_strength
from gaussrep_gmae.boundaries.thinning import hysteresis_strength, skeleton


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


@pytest.mark.parametrize("density", [0.0, 0.05, 0.3, 0.6, 0.8, 0.95, 1.0])
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (23, 37)])
def test_the_same_as_scikit_image(density, shape):
    from skimage.morphology import thin

    binary = np.random.default_rng(0).random(shape) < density
    given = binary.copy()
    np.testing.assert_array_equal(skeleton(binary), thin(binary))
    np.testing.assert_array_equal(binary, given)


def test_a_bar_becomes_a_line():
    bar = np.zeros((9, 30), dtype=bool)
    bar[3:6] = True
    left = skeleton(bar)
    assert (left[:, 3:-3].sum(axis=0) == 1).all()
    assert not left[[0, 1, 2, 6, 7, 8]].any()


def ridge(angle, width=6.0, size=41):
    """A ramp up to a crest through the center and down again, and the distance to the crest."""
    rows, columns = np.mgrid[:size, :size] - size // 2
    distance = np.abs(np.cos(angle) * rows + np.sin(angle) * columns)
    return np.clip(1 - distance / width, 0, None), distance


@pytest.mark.parametrize("degrees", range(0, 180, 15))
def test_only_the_crest_of_a_ramp_is_left(degrees):
    strength, distance = ridge(np.deg2rad(degrees))
    inner = np.s_[8:-8, 8:-8]
    left = thin_strength(strength)[inner] > 0
    assert left[distance[inner] <= 0.35].all()
    assert not left[distance[inner] >= 1.0][strength[inner][distance[inner] >= 1.0] > 0].any()


def test_what_stays_is_unchanged():
    strength = np.random.default_rng(0).random((30, 30)).astype(np.float32)
    thinned = thin_strength(strength)
    assert thinned.dtype == np.float32
    kept = thinned > 0
    assert 0.1 < kept.mean() < 0.6
    np.testing.assert_array_equal(thinned[kept], strength[kept])


def test_a_scale_changes_nothing_else():
    strength = np.random.default_rng(1).random((20, 20))
    np.testing.assert_allclose(thin_strength(4 * strength), 4 * thin_strength(strength))


def test_a_crest_two_pixels_wide_stays():
    strength = np.zeros((20, 20))
    strength[:, 9:11] = 0.5
    np.testing.assert_array_equal(thin_strength(strength), strength)
