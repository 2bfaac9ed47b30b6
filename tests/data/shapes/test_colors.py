import numpy as np
import pytest

from gaussrep.data.shapes.colors import accents, draw_palette, oklab_to_srgb


def test_known_colors():
    # OKLab of sRGB's primaries and of its middle gray, as published with the color space.
    lab = np.array(
        [
            [0.627955, 0.224863, 0.125846],
            [0.866440, -0.233888, 0.179498],
            [0.452014, -0.032457, -0.311528],
            [0.598181, 0.0, 0.0],
        ]
    )
    expected = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.5, 0.5, 0.5]]
    np.testing.assert_allclose(oklab_to_srgb(lab), expected, atol=2e-3)


@pytest.mark.parametrize(("count", "least"), [(3, 0.15), (7, 0.1)])
def test_the_colors_of_a_palette_can_be_told_apart(count, least):
    for seed in range(200):
        palette = draw_palette(count, np.random.default_rng(seed))
        distances = np.linalg.norm(palette[:, None] - palette, axis=-1)
        assert distances[~np.eye(count, dtype=bool)].min() > least


def test_accents_differ_in_lightness_and_stay_visible():
    rng = np.random.default_rng(0)
    palette = draw_palette(500, rng)
    seconds = accents(palette, rng)
    assert np.abs(seconds - palette)[:, 0].min() >= 0.1 - 1e-9
    assert 0.2 < seconds[:, 0].min() < seconds[:, 0].max() < 0.95
