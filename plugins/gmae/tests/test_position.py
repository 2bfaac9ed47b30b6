from math import cos, sin

import pytest
import torch

from gaussrep_gmae.position import low_discrepancy_grid, sincos_grid_embedding


def mae_code(x, y, width):
    """MAE's formula written out: sin and cos of x, then of y, at frequencies 10000^(-i / (D/4))."""
    quarter = width // 4
    rates = [10000 ** (-i / quarter) for i in range(quarter)]
    return [wave(at * rate) for at in (x, y) for wave in (sin, cos) for rate in rates]


@pytest.mark.parametrize(("side", "width"), [(14, 192), (3, 8)])
def test_codes_are_those_of_mae(side, width):
    code = sincos_grid_embedding(side, width)
    assert code.shape == (1 + side**2, width)
    assert not code[0].any()
    expected = [mae_code(n % side, n // side, width) for n in range(side**2)]
    torch.testing.assert_close(code[1:], torch.tensor(expected), atol=1e-5, rtol=0)


def test_places_are_spread():
    places = low_discrepancy_grid(64)
    cells = ((places + 1) * 4).long()
    assert len({tuple(cell) for cell in cells.tolist()}) > 40
    assert places.abs().max() <= 1
