import pytest
import torch

from gaussrep_gmae.layers import edges

RED, BLUE = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)


def test_strength_is_the_weighted_change_of_the_painted_colour(make_gaussians):
    gaussians = make_gaussians(((8, 8), -0.5, RED, 0.5, 2.0), ((8, 8), 0.5, BLUE, 0.8, 2.0))
    # Red alone: alpha 0.5. Both: 0.5 of red and 0.5 * 0.8 of blue over an alpha of 0.9.
    expected = 0.5 * 0.4 / 0.9
    assert edges(gaussians, 2, 32)[0, 8, 8].item() == pytest.approx(expected, abs=1e-4)


def test_layers_of_one_colour_have_no_edges(make_gaussians):
    gaussians = make_gaussians(
        ((8, 8), -0.5, RED, 0.5, 3.0), ((11, 8), 0.5, RED, 0.8, 3.0), ((9, 12), 0.7, RED, 0.8, 3.0)
    )
    assert edges(gaussians, 3, 32).max() < 1e-3


def test_two_surfaces_have_one_where_they_meet(make_gaussians):
    columns = range(0, 32, 2)
    depths = torch.rand(len(columns) ** 2, generator=torch.Generator().manual_seed(0)).tolist()
    gaussians = make_gaussians(
        *(
            ((x, y), depths.pop(), RED if x < 16 else BLUE, 0.9, 1.2)
            for x in columns
            for y in columns
        )
    )
    strength = edges(gaussians, 4, 32)[0]
    assert ((strength >= 0) & (strength <= 1)).all()
    across = strength[4:-4].mean(dim=0)
    assert 13 <= across.argmax() <= 17
    assert across[[6, 25]].max() < 0.1 * across.max()
