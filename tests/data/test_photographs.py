import numpy as np
import pytest
from PIL import Image

from gaussrep.data.crops import Box
from gaussrep.data.photos import Photograph, read_photographs
from gaussrep.errors import UnavailableError


@pytest.fixture(scope="module")
def photographs():
    pytest.importorskip("skimage")
    pytest.importorskip("sklearn")
    return read_photographs()


@pytest.mark.parametrize(
    ("edge", "strip", "rest"),
    [
        ("left", Box(0, 0, 20, 40), Box(20, 0, 80, 40)),
        ("right", Box(60, 0, 80, 40), Box(0, 0, 60, 40)),
        ("bottom", Box(0, 30, 80, 40), Box(0, 0, 80, 30)),
    ],
)
def test_strip_and_rest_divide_the_photograph(edge, strip, rest):
    photograph = Photograph(Image.new("RGB", (80, 40)), edge)
    assert (photograph.strip, photograph.rest) == (strip, rest)


def test_squares_show_what_has_contrast():
    picture = np.zeros((80, 80, 3), dtype=np.uint8)
    picture[5:10, 65:75] = 255
    picture[60:75, 62:70] = 255
    first, second = Photograph(Image.fromarray(picture), "right").squares(2)
    assert first.top <= 5 < 10 <= first.bottom <= 40
    assert 40 <= second.top <= 60 < 75 <= second.bottom
    assert (first.width, first.height) == (20, 20)


@pytest.mark.parametrize("count", [1, 2, 5, 16])
def test_squares_lie_apart_inside_the_strip(photographs, count):
    for photograph in photographs:
        strip = photograph.strip
        covered = np.zeros(photograph.image.size, dtype=int)
        for box in photograph.squares(count):
            assert box.width == box.height > 0
            assert strip.left <= box.left < box.right <= strip.right
            assert strip.top <= box.top < box.bottom <= strip.bottom
            covered[box.left : box.right, box.top : box.bottom] += 1
        assert covered.max() == 1


def test_eight_color_photographs(photographs):
    assert len(photographs) == 8
    for photograph in photographs:
        assert photograph.image.mode == "RGB"
        assert min(photograph.image.size) >= 300
        red, _, blue = np.moveaxis(np.asarray(photograph.image, dtype=float), -1, 0)
        assert abs(red - blue).mean() > 1


def test_a_missing_package_says_what_to_install(monkeypatch):
    monkeypatch.setattr("gaussrep.data.photos.find_spec", lambda name: None)
    with pytest.raises(UnavailableError, match="pip install scikit-image"):
        read_photographs()
