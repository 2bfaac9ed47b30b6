from math import log10

import pytest
import torch

from gaussrep_gmae.report.ellipses import draw_ellipses
from gaussrep_gmae.report.gmae import gaussian_histograms
from gaussrep_gmae.report.masked_views import masked_psnr


def test_gain_over_the_mean_visible_color():
    image = torch.zeros(1, 3, 2, 2)
    image[0, :, 1] = 1.0
    masked = torch.tensor([[[False, False], [True, True]]])
    drawn = torch.full((1, 2, 2, 3), 0.9)
    (result,) = masked_psnr(image, drawn, masked)
    assert result.baseline == pytest.approx(0.0)
    assert result.psnr == pytest.approx(-20 * log10(0.1), rel=1e-4)
    assert result.gain == pytest.approx(20, rel=1e-4)


def test_ellipses_have_color_and_place(make_method, images):
    gaussians = make_method(queries=2).gaussians({"image": images}).detach()[0]
    gaussians = gaussians.replace(
        means=torch.tensor([[-0.5, -0.5, 0], [0.5, 0.5, 0]]),
        scales=torch.full((2, 3), 0.1),
        opacities=torch.tensor([1.0, 0.01]),
        colors=torch.tensor([[1.0, 0, 0], [0, 0, 1]]),
    )
    drawn = draw_ellipses(gaussians, 80)
    red, green, _ = drawn.getpixel((20, 20))
    assert red > 200 > green
    assert drawn.getpixel((60, 60)) == (255, 255, 255)


def test_equal_values_have_a_histogram(make_method, images):
    gaussians = make_method().gaussians({"image": images}).detach()
    flat = gaussians.replace(means=torch.zeros_like(gaussians.means))
    scales, opacities, depths = gaussian_histograms(flat)
    assert [scales.title, opacities.title, depths.title] == ["Scales", "Opacities", "Depths"]
    assert ">100%</text>" in depths.svg
