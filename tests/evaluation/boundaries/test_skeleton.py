import numpy as np
import pytest

from gaussrep.evaluation.boundaries.skeleton import skeleton


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
