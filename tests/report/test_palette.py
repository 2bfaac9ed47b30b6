import torch

from gaussrep.report.palette import css, layer_colors, near_to_far


def test_palette_is_ordered_by_lightness():
    weights = torch.tensor([0.2126, 0.7152, 0.0722])
    assert ((near_to_far(torch.linspace(-0.1, 1.1, 50)) @ weights).diff() <= 1e-6).all()
    assert [css(color) for color in layer_colors(2)] == ["#fde725", "#482878"]
