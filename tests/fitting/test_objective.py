import pytest
import torch

from gaussrep.fitting.capture import PosedPictures
from gaussrep.fitting.config import LossConfig
from gaussrep.fitting.objective import depth_error, measure_objective
from gaussrep.rendering import Rendering


@pytest.fixture
def drawn():
    return Rendering(torch.full((1, 8, 8, 3), 0.5), torch.ones(1, 8, 8), torch.full((1, 8, 8), 2.0))


@pytest.fixture
def camera(ring):
    return ring[:1].replace(width=8, height=8)


def test_weighs_l1_and_ssim(drawn, camera):
    pictures = PosedPictures(torch.full((1, 8, 8, 3), 0.75), camera)
    found = measure_objective(drawn, pictures, torch.zeros(3), LossConfig(ssim=0.2), 1.0)
    ssim = (2 * 0.5 * 0.75 + 1e-4) / (0.25 + 0.5625 + 1e-4)  # flat pictures differ in mean alone
    assert found.l1.item() == pytest.approx(0.25)
    assert found.ssim.item() == pytest.approx(ssim, rel=1e-3)
    assert found.total.item() == pytest.approx(0.8 * 0.25 + 0.2 * (1 - ssim), rel=1e-3)


def test_transparent_pictures_lie_over_the_background(drawn, camera):
    colors, alphas = torch.full((1, 8, 8, 3), 0.25), torch.full((1, 8, 8), 0.5)
    pictures = PosedPictures(colors, camera, alphas)
    found = measure_objective(drawn, pictures, torch.full((3,), 0.5), LossConfig(ssim=0.0), 1.0)
    assert found.total.item() == 0


def test_depth_counts_where_it_was_measured_and_drawn():
    drawn = torch.tensor([[[2.0, 2.0, 0.0, 5.0]]])
    measured = torch.tensor([[[3.0, 0.0, 4.0, 4.5]]])
    assert depth_error(drawn, measured).item() == pytest.approx((1.0 + 0.5) / 2)
    assert depth_error(drawn, torch.zeros_like(measured)).item() == 0


def test_depth_is_measured_in_extents(drawn, camera):
    pictures = PosedPictures(drawn.color, camera, depths=torch.full((1, 8, 8), 3.0))
    found = measure_objective(drawn, pictures, torch.zeros(3), LossConfig(depth=0.5), 4.0)
    assert found.depth.item() == pytest.approx(0.25)
    assert found.total.item() == pytest.approx(0.125, abs=1e-5)
