import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation
from scipy.special import sph_harm_y

from gaussrep import sh
from gaussrep.errors import ShapeError

DIRECTIONS = np.random.default_rng(0).normal(size=(50, 3))


def real_harmonic(degree, order, directions):
    """Real harmonic with the Condon-Shortley sign, from scipy's complex ones."""
    x, y, z = (directions / np.linalg.norm(directions, axis=1, keepdims=True)).T
    value = sph_harm_y(degree, abs(order), np.arccos(z), np.arctan2(y, x))
    if order == 0:
        return value.real
    return np.sqrt(2) * (value.real if order > 0 else value.imag)


@pytest.mark.parametrize("degree", range(5))
def test_basis_agrees_with_scipy(degree):
    actual = sh.basis(degree, torch.tensor(DIRECTIONS)).numpy()
    pairs = [(level, order) for level in range(degree + 1) for order in range(-level, level + 1)]
    expected = np.stack([real_harmonic(level, m, DIRECTIONS) for level, m in pairs], axis=1)
    np.testing.assert_allclose(actual, expected, atol=1e-12)


@pytest.mark.parametrize("degree", range(5))
@pytest.mark.parametrize("mirror", [1, -1])
def test_rotation_moves_the_colors_with_the_object(degree, mirror):
    torch.manual_seed(degree)
    coefficients = torch.randn(7, (degree + 1) ** 2, 3, dtype=torch.float64)
    turn = torch.tensor(Rotation.random(rng=degree).as_matrix()) * mirror
    directions = torch.randn(7, 3, dtype=torch.float64)
    turned = sh.rotate(coefficients, turn)
    torch.testing.assert_close(
        sh.evaluate(turned, directions @ turn.mT), sh.evaluate(coefficients, directions)
    )


def test_degree_zero_shows_its_color():
    colors = torch.rand(4, 3, dtype=torch.float64)
    shown = sh.evaluate(sh.from_rgb(colors), torch.randn(4, 3, dtype=torch.float64))
    torch.testing.assert_close(shown, colors)


def test_colors_never_fall_below_zero():
    shown = sh.evaluate(torch.full((1, 1, 3), -10.0), torch.ones(1, 3))
    assert (shown == 0).all()


def test_base_colors_outside_0_to_1_are_kept_until_the_sum():
    """A base of 1.3 and harmonics of -0.4 are 0.9, and -0.3 and 0.4 are 0.1.

    three.js 0.187.0 and Babylon.js 9.35.0 clamp the base color first and show 0.6 and 0.4.
    """
    base, harmonics = torch.tensor([[1.3, 0.9, -0.3]]), torch.tensor([[-0.4, -0.2, 0.4]])
    ahead = torch.tensor([[0.0, 0.0, 1.0]])
    coefficients = torch.zeros(1, 4, 3)
    coefficients[:, :1] = sh.from_rgb(base)
    coefficients[:, 2] = harmonics / sh.basis(1, ahead)[:, 2]
    torch.testing.assert_close(sh.evaluate(coefficients, ahead), torch.tensor([[0.9, 0.7, 0.1]]))


def test_wrong_number_of_bases_is_named():
    with pytest.raises(ShapeError, match="sh has 5 bases, expected 1, 4, 9, 16 or 25"):
        sh.degree_of(5)
