import numpy as np
import pytest
import torch
from PIL import Image

from gaussrep.data import photos
from gaussrep.data.config import PhotosConfig
from gaussrep.data.crops import Box
from gaussrep.data.photos import Photos, SplitImage, read_photos
from gaussrep.data.sample import SampleKey
from gaussrep.errors import UnavailableError


@pytest.fixture(scope="module")
def eight_images():
    pytest.importorskip("skimage")
    pytest.importorskip("sklearn")
    return read_photos()


@pytest.mark.parametrize(
    ("edge", "strip", "rest"),
    [
        ("left", Box(0, 0, 20, 40), Box(20, 0, 80, 40)),
        ("right", Box(60, 0, 80, 40), Box(0, 0, 60, 40)),
        ("bottom", Box(0, 30, 80, 40), Box(0, 0, 80, 30)),
    ],
)
def test_strip_and_rest_divide_the_image(edge, strip, rest):
    divided = SplitImage(Image.new("RGB", (80, 40)), edge)
    assert (divided.strip, divided.rest) == (strip, rest)


def test_squares_show_what_has_contrast():
    pixels = np.zeros((80, 80, 3), dtype=np.uint8)
    pixels[5:10, 65:75] = 255
    pixels[60:75, 62:70] = 255
    first, second = SplitImage(Image.fromarray(pixels), "right").squares(2)
    assert first.top <= 5 < 10 <= first.bottom <= 40
    assert 40 <= second.top <= 60 < 75 <= second.bottom
    assert (first.width, first.height) == (20, 20)


@pytest.mark.parametrize("count", [1, 2, 5, 16])
def test_squares_lie_apart_inside_the_strip(eight_images, count):
    for each in eight_images:
        strip = each.strip
        covered = np.zeros(each.image.size, dtype=int)
        for box in each.squares(count):
            assert box.width == box.height > 0
            assert strip.left <= box.left < box.right <= strip.right
            assert strip.top <= box.top < box.bottom <= strip.bottom
            covered[box.left : box.right, box.top : box.bottom] += 1
        assert covered.max() == 1


def test_eight_color_images(eight_images):
    assert len(eight_images) == 8
    for each in eight_images:
        assert each.image.mode == "RGB"
        assert min(each.image.size) >= 300
        red, _, blue = np.moveaxis(np.asarray(each.image, dtype=float), -1, 0)
        assert abs(red - blue).mean() > 1


def test_a_missing_package_reports_what_to_install(monkeypatch):
    monkeypatch.setattr("gaussrep.data.photos.find_spec", lambda name: None)
    with pytest.raises(UnavailableError, match="pip install scikit-image"):
        read_photos()


pytest.importorskip("skimage")
pytest.importorskip("sklearn")


@pytest.fixture(scope="module")
def train():
    return Photos(PhotosConfig(samples=20))


def test_samples_have_the_agreed_form(train):
    val = Photos(PhotosConfig(image_size=32, val_crops=3), "val")
    assert (len(train), len(val)) == (20, 24)
    for sample, size in ((train[19], 64), (val[23], 32)):
        assert sample["image"].shape == (3, size, size)
        assert sample["image"].dtype == torch.float32
        assert 0 <= sample["image"].min() < sample["image"].max() <= 1
        assert sample["index"].dtype == torch.int64


def test_training_crops_depend_on_the_key_alone(train):
    key = SampleKey(7, epoch=1, seed=2)
    expected = train[key]["image"]
    assert torch.equal(Photos(PhotosConfig(samples=20))[key]["image"], expected)
    assert not torch.equal(train[SampleKey(7, 2, 2)]["image"], expected)
    assert not torch.equal(train[SampleKey(7, 1, 3)]["image"], expected)


def test_validation_crops_are_fixed_and_show_something():
    val = Photos(PhotosConfig(), "val")
    for index in range(len(val)):
        sample = val[SampleKey(index, epoch=3, seed=4)]["image"]
        assert torch.equal(sample, val[index]["image"])
        assert sample.std() > 0.04


def test_indices_outside_are_refused(train):
    for index in (-1, 20):
        with pytest.raises(IndexError, match="outside 0 to 19"):
            train[index]


@pytest.mark.parametrize("edge", ["left", "right", "bottom"])
def test_training_never_sees_the_held_out_strip(monkeypatch, edge):
    strip = SplitImage(Image.new("RGB", (80, 60), "black"), edge).strip
    pixels = np.zeros((60, 80, 3), dtype=np.uint8)
    pixels[strip.top : strip.bottom, strip.left : strip.right] = 255
    marked = SplitImage(Image.fromarray(pixels), edge)
    monkeypatch.setattr(photos, "read_photos", lambda: [marked])
    config = PhotosConfig(image_size=16, samples=300, scale=(0.01, 1.0))
    train, val = Photos(config), Photos(config, "val")
    assert all(train[SampleKey(index, 5, 6)]["image"].max() == 0 for index in range(300))
    assert all(val[index]["image"].min() == 1 for index in range(len(val)))
