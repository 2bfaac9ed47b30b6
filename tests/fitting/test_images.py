import numpy as np
import pytest
import torch
from PIL import Image

from gaussrep.data.image_files import UnreadableImageError
from gaussrep.fitting.images import find_image, read_depth_file, read_image_file, read_mask


def test_hidden_colors_do_not_bleed(tmp_path):
    """Half of the image is a bright green that nobody sees."""
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[:, :4] = [200, 0, 0, 255]
    pixels[:, 4:] = [0, 255, 0, 0]
    Image.fromarray(pixels).save(tmp_path / "a.png")
    found = read_image_file(tmp_path / "a.png", 4)
    assert found.native_size == (8, 8)
    assert found.values.shape == (4, 4, 4)
    assert found.values[..., 1].max() < 0.02
    torch.testing.assert_close(
        found.values[0, 0], torch.tensor([200 / 255, 0, 0, 1]), atol=0.03, rtol=0
    )


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UnreadableImageError, match=r"a\.png: there is no such file"):
        read_image_file(tmp_path / "a.png", None)


@pytest.mark.parametrize("kind", [MemoryError, RuntimeError])
def test_an_image_that_does_not_fit_is_named(tmp_path, monkeypatch, kind):
    def fail(values):
        raise kind("DefaultCPUAllocator: can't allocate memory")

    Image.new("RGB", (8, 4)).save(tmp_path / "a.png")
    monkeypatch.setattr("gaussrep.fitting.images.torch.from_numpy", fail)
    with pytest.raises(UnreadableImageError, match=r"a\.png: its 8 x 4 pixels do not fit into the"):
        read_image_file(tmp_path / "a.png", None)


COLORS = np.full((32, 32, 3), 0, np.uint8)
COLORS[8:24, 8:24] = 180
ALPHA = np.where(COLORS[..., 0] > 0, 255, 0).astype(np.uint8)


def rgba():
    return Image.fromarray(np.dstack([COLORS, ALPHA]))


WAYS = {
    "RGBA": lambda: (rgba(), {}),
    "palette": lambda: (rgba().quantize(16), {}),
    "gray and alpha": lambda: (rgba().convert("LA"), {}),
    "RGB and tRNS": lambda: (Image.fromarray(COLORS), {"transparency": (0, 0, 0)}),
    "gray and tRNS": lambda: (Image.fromarray(COLORS[..., 0]), {"transparency": 0}),
    "sixteen bits and tRNS": lambda: (
        Image.fromarray(COLORS[..., 0].astype(np.uint16) * 257),
        {"transparency": 0},
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_transparency_of_every_mode(tmp_path, way):
    image, options = WAYS[way]()
    image.save(tmp_path / "a.png", **options)
    values = read_image_file(tmp_path / "a.png", None).values
    assert values[0, 0].tolist() == [0, 0, 0, 0]
    assert values[16, 16].tolist() == pytest.approx([180 / 255] * 3 + [1], abs=0.02)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_pixels_stay_as_they_are_stored(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.new("RGB", (4, 2))
    image.putpixel((0, 0), (255, 255, 255))
    image.save(tmp_path / "a.png", exif=exif)
    found = read_image_file(tmp_path / "a.png", None)
    assert found.native_size == (4, 2)
    assert found.values[0, 0, 0] == 1


def test_a_mask_counts_where_all_of_a_pixel_counts(tmp_path):
    mask = np.full((4, 8), 255, np.uint8)
    mask[:, :3] = 0
    Image.fromarray(mask).save(tmp_path / "mask.png")
    assert read_mask(tmp_path / "mask.png", (8, 4)).sum() == 20
    assert read_mask(tmp_path / "mask.png", (4, 2))[0].tolist() == [False, False, True, True]


def test_depth_comes_from_images_and_arrays(tmp_path):
    depth = np.array([[0, 500], [1000, 65535]], np.uint16)
    Image.fromarray(depth).save(tmp_path / "a.png")
    found = read_depth_file(tmp_path / "a.png", (2, 2), 1000.0)
    assert found.tolist() == [[0, 0.5], [1, 0]]
    np.save(tmp_path / "a.npy", np.array([[[np.nan], [2.0]]], np.float32))
    assert read_depth_file(tmp_path / "a.npy", (4, 1), 1.0).tolist() == [[0, 0, 2, 2]]


@pytest.mark.parametrize(
    ("stored", "named"),
    [("a.jpg", "a"), ("a.JPG", "a.png"), ("a.b.png", "a.b"), ("a.png", "a.jpg")],
)
def test_finds_an_image_of_another_suffix(tmp_path, stored, named):
    (tmp_path / stored).touch()
    assert find_image(tmp_path / named) == tmp_path / stored
