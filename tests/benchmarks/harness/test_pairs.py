import math

import pytest
import torch

from gaussrep.cameras import Cameras
from gaussrep.gaussians import Gaussians
from harness.pairs import pixel_gaussian_pairs

SIZE = 40


def pairs(x, y, opacity=1.0):
    """Pairs of one round Gaussian with a projected variance of 4.3 px², its center at (x, y)."""
    gaussians = Gaussians(
        torch.tensor([[x, y, 1.0]]),
        torch.tensor([[1.0, 0, 0, 0]]),
        torch.full((1, 3), 2.0),
        torch.tensor([opacity]),
        colors=torch.ones(1, 3),
    )
    eye = torch.eye(4)[None], torch.eye(3)[None]
    return pixel_gaussian_pairs(gaussians, Cameras(*eye, SIZE, SIZE, "ortho"))


def test_a_whole_box():
    radius = math.sqrt(2 * math.log(255) * 4.3)  # 6.9
    assert 6.5 < radius < 7.5
    assert pairs(20.5, 20.5) == 13 * 13  # centers up to 6 away
    assert pairs(20.0, 20.5) == 14 * 13  # centers up to 6.5 away


def test_boxes_are_clipped_to_the_image():
    assert pairs(0.5, 20.5) == 7 * 13
    assert pairs(SIZE - 0.5, SIZE - 0.5) == 7 * 7
    assert pairs(-30.0, 20.5) == 0


@pytest.mark.parametrize("opacity", [0.0, 1 / 256])
def test_what_is_never_drawn_does_not_count(opacity):
    assert pairs(20.5, 20.5, opacity) == 0


def test_faint_gaussians_have_smaller_boxes():
    radius = math.sqrt(2 * math.log(0.1 * 255) * 4.3)  # 5.3
    assert pairs(20.5, 20.5, 0.1) == (2 * int(radius) + 1) ** 2
