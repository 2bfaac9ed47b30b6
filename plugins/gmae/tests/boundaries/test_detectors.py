import numpy as np
import pytest

from gaussrep_gmae.boundaries import canny, sobel
from gaussrep_gmae.boundaries.detectors import CANNY_LOW_TO_HIGH, canny_high


@pytest.fixture(scope="module")
def photo():
    """A photograph, RGB in [0, 1], [3, H, W]."""
    from skimage.data import astronaut

    return np.moveaxis(astronaut()[:200, 100:300] / 255, -1, 0)


@pytest.mark.parametrize("sigma", [1.0, 2.0])
@pytest.mark.parametrize("strength", [0.1, 0.25, 0.4, 0.6])
def test_canny_is_that_of_scikit_image_at_each_threshold(photo, sigma, strength):
    from skimage import color, feature

    high = canny_high(strength, sigma)
    gray = color.rgb2gray(photo, channel_axis=0)
    low = CANNY_LOW_TO_HIGH * high
    expected = feature.canny(gray, sigma, low, high, mode="reflect")
    assert expected.any()
    np.testing.assert_array_equal(canny(photo, sigma) >= strength, expected)


@pytest.mark.parametrize("contrast", [0.16, 0.64])
def test_canny_gives_the_root_of_a_steps_contrast(contrast):
    image = np.zeros((3, 40, 40))
    image[:, :, 20:] = contrast
    crest = canny(image, sigma=2.0)[10:30].max(axis=1)
    assert crest == pytest.approx(np.full(20, contrast**0.5), rel=0.05)


def test_sobel_finds_a_step():
    image = np.zeros((3, 40, 40), dtype=np.float32)
    image[:, :, 20:] = 0.5
    found = sobel(image)
    assert np.flatnonzero(found[20]).tolist() == [19, 20]
    assert found[20, 19] == pytest.approx((0.5 / 2**0.5) ** 0.5)


@pytest.mark.parametrize("detector", [sobel, canny])
def test_strengths_lie_between_0_and_1(photo, detector):
    harsh = (photo > 0.5).astype(np.float32)
    found = detector(harsh)
    assert found.shape == harsh.shape[1:]
    assert found.min() >= 0
    assert 0.3 < found.max() <= 1
    assert detector(np.full_like(photo, 0.3)).max() < 1e-6
