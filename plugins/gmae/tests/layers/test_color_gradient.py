import pytest
import torch

from gaussrep_gmae.layers.cielab import cielab
from gaussrep_gmae.layers.color_gradient import color_gradient


def test_a_step_counts_half_on_either_side():
    pictures = torch.zeros(1, 3, 4, 6)
    pictures[:, 0], pictures[:, 2, :, 3:] = 1.0, 1.0
    red, magenta = cielab(pictures)[0, :, 0, 0], cielab(pictures)[0, :, 0, 5]
    step = (magenta - red).norm().item() / 2
    expected = torch.tensor([0, 0, step, step, 0, 0]).expand(1, 4, 6)
    torch.testing.assert_close(color_gradient(pictures), expected)


def test_both_directions_add_up_by_squares():
    gray = (torch.arange(5) + torch.arange(4)[:, None]) / 10
    lightness = cielab(gray.expand(1, 3, 4, 5))[0, 0]
    across = (lightness[1, 2] - lightness[1, 0]) / 2
    down = (lightness[2, 1] - lightness[0, 1]) / 2
    found = color_gradient(gray.expand(1, 3, 4, 5))[0, 1, 1].item()
    assert found == pytest.approx((across**2 + down**2).sqrt().item(), rel=1e-4)
