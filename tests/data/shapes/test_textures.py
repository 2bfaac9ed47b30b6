from dataclasses import replace

import numpy as np
import pytest

from gaussrep.data.shapes.textures import PATTERNS, PixelCenters, Points, draw_texture


def textures(pattern, count=20):
    rng = np.random.default_rng(0)
    return [replace(draw_texture(rng), pattern=pattern) for _ in range(count)]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_weights_are_shares_and_show_the_pattern(pattern):
    for texture in textures(pattern):
        weights = texture.weights(PixelCenters(64))
        assert weights.dtype == np.float32
        assert 0 <= weights.min() <= weights.max() <= 1
        assert np.ptp(weights) == 0 if pattern == "flat" else np.ptp(weights) > 0.4


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_texture_is_the_same_at_every_size(pattern):
    for texture in textures(pattern):
        coarse, fine = texture.weights(PixelCenters(20)), texture.weights(PixelCenters(60))
        np.testing.assert_allclose(fine[1::3, 1::3], coarse, atol=1e-4)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_texture_is_the_same_at_any_points(pattern):
    cells = (np.arange(20, dtype=np.float32) + 0.5) / 20
    points = Points(*np.meshgrid(cells, cells))
    for texture in textures(pattern, 5):
        np.testing.assert_allclose(
            texture.weights(points), texture.weights(PixelCenters(20)), atol=1e-4
        )


def test_grain_is_reflected_at_the_border():
    inside, outside = (
        Points(*np.meshgrid(np.float32(each), np.float32([0.3, 0.7])))
        for each in ([0.2, 0.9], [-0.2, 1.1])
    )
    for texture in textures("speckle", 5):
        np.testing.assert_allclose(texture.weights(outside), texture.weights(inside), atol=1e-5)


def test_stripes_by_hand():
    texture = replace(
        textures("stripes", 1)[0], angle=0.0, cycles=2.0, phase=np.pi / 2, sharpness=1.0
    )
    # Columns lie at -3/8, -1/8, 1/8 and 3/8; two cycles give phases of -3/2, -1/2, 1/2, 3/2 pi.
    np.testing.assert_allclose(texture.weights(PixelCenters(4)), [[0.5] * 4] * 4, atol=1e-6)
    texture = replace(texture, phase=0.0)
    np.testing.assert_allclose(texture.weights(PixelCenters(4)), [[1, 0, 1, 0]] * 4, atol=1e-6)


def test_checks_repeat_in_both_directions():
    texture = replace(textures("checks", 1)[0], angle=0.0, cycles=2.0, phase=0.0, sharpness=1.0)
    checks = np.indices((4, 4)).sum(axis=0) % 2
    weights = texture.weights(PixelCenters(4))
    assert np.array_equal(weights.round(), checks) or np.array_equal(weights.round(), 1 - checks)


def test_noise_has_less_contrast_at_finer_scales():
    spectra = [
        np.abs(np.fft.rfft2(t.weights(PixelCenters(64)) - t.weights(PixelCenters(64)).mean()))
        for t in textures("noise")
    ]
    power = np.mean(np.square(spectra), axis=0)
    radius = np.hypot(np.minimum(np.arange(64), 64 - np.arange(64))[:, None], np.arange(33))
    bands = [power[(radius >= low) & (radius < 2 * low)].mean() for low in (1, 2, 4, 8, 16)]
    assert bands == sorted(bands, reverse=True)


def test_all_patterns_are_drawn():
    rng = np.random.default_rng(0)
    assert {draw_texture(rng).pattern for _ in range(100)} == set(PATTERNS)
