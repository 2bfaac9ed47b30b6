import re
from math import log10

import pytest
import torch

from gaussrep_gmae.report.axes import ticks
from gaussrep_gmae.report.chart import Series, line_chart
from gaussrep_gmae.report.distributions import distributions
from gaussrep_gmae.report.ellipses import draw_ellipses
from gaussrep_gmae.report.histogram import Histogram
from gaussrep_gmae.report.measure import measure
from gaussrep_gmae.report.palette import css, layer_colors, near_to_far


def test_gain_over_the_mean_visible_colour():
    image = torch.zeros(1, 3, 2, 2)
    image[0, :, 1] = 1.0
    masked = torch.tensor([[[False, False], [True, True]]])
    picture = torch.full((1, 2, 2, 3), 0.9)
    (gain,) = measure(image, picture, masked)
    assert gain.baseline == pytest.approx(0.0)
    assert gain.psnr == pytest.approx(-20 * log10(0.1), rel=1e-4)
    assert gain.decibels == pytest.approx(20, rel=1e-4)


def test_ellipses_show_colour_and_place(make_method, images):
    gaussians = make_method(queries=2).gaussians({"image": images}).detach()[0]
    gaussians = gaussians.replace(
        means=torch.tensor([[-0.5, -0.5, 0], [0.5, 0.5, 0]]),
        scales=torch.full((2, 3), 0.1),
        opacities=torch.tensor([1.0, 0.01]),
        colors=torch.tensor([[1.0, 0, 0], [0, 0, 1]]),
    )
    picture = draw_ellipses(gaussians, 80)
    red, green, _ = picture.getpixel((20, 20))
    assert red > 200 > green
    assert picture.getpixel((60, 60)) == (255, 255, 255)


def test_chart_places_points_on_a_log_axis():
    chart = line_chart([Series("loss", [(0.0, 1.0), (10.0, 0.1)], "black")], "step", "loss")
    (x0, y0), (x1, y1) = re.findall(r"([\d.]+),([\d.]+)", re.search(r'points="([^"]+)"', chart)[1])
    assert float(x0) < float(x1)
    assert float(y0) < float(y1)
    assert ">0.1</text>" in chart
    assert ">1</text>" in chart


def test_ticks_are_round_and_inside():
    assert [text for _, text in ticks(0.0, 2500.0)] == ["0", "500", "1000", "1500", "2000", "2500"]
    assert [text for _, text in ticks(-1.0, 1.0)] == ["-1", "-0.5", "0", "0.5", "1"]
    assert [value for value, _ in ticks(0.0, 6.7)] == [0.0, 2.0, 4.0, 6.0]


def test_bins_add_up_and_hold_what_is_outside():
    values = torch.tensor([-1.0, 0.0, 0.01, 0.5, 0.5, 1.0, 7.0])
    histogram = Histogram.of(values, 0.0, 1.0)
    assert sum(histogram.counts) == 7
    assert histogram.counts[0] == 3
    assert histogram.counts[20] == 2
    assert histogram.counts[-1] == 2


def test_bars_are_as_high_as_their_shares():
    bars = re.findall(r'height="([\d.]+)"', Histogram(0.0, 1.0, (1, 3, 0)).draw("x", "y"))
    low, high, none = map(float, bars)
    assert high == pytest.approx(3 * low, rel=0.01)
    assert none == 0.0


def test_equal_values_have_a_histogram(make_method, images):
    gaussians = make_method().gaussians({"image": images}).detach()
    flat = gaussians.replace(means=torch.zeros_like(gaussians.means))
    scales, opacities, depths = distributions(flat)
    assert [scales.title, opacities.title, depths.title] == ["Scales", "Opacities", "Depths"]
    assert ">100%</text>" in depths.svg


def test_palette_is_ordered_by_lightness():
    weights = torch.tensor([0.2126, 0.7152, 0.0722])
    assert ((near_to_far(torch.linspace(-0.1, 1.1, 50)) @ weights).diff() <= 1e-6).all()
    assert [css(color) for color in layer_colors(2)] == ["#fde725", "#482878"]
