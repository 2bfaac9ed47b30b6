import numpy as np
import pytest

from gaussrep.evaluation.boundaries import thin_strength


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
