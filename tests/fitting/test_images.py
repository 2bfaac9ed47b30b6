import numpy as np
import pytest
import torch
from PIL import Image

from gaussrep.data.image_files import UnreadableImageError
from gaussrep.fitting.images import read_image_file, undistort


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


K = np.array([[30.0, 0, 15], [0, 28, 11], [0, 0, 1]])


def test_without_distortion_nothing_changes():
    image = torch.rand(20, 30, 4)
    torch.testing.assert_close(undistort(image, K, [0.0] * 5), image, atol=1e-4, rtol=0)


def test_samples_where_the_lens_put_it():
    """An image whose value is its own x, y coordinate tells where each pixel was taken from."""
    rows, columns = torch.meshgrid(torch.arange(20) + 0.5, torch.arange(30) + 0.5, indexing="ij")
    coefficients = [-0.1, 0.02, 0.003, -0.002, 0.01]
    found = undistort(torch.stack([columns, rows], -1), K, coefficients)
    x, y = (columns - 15) / 30, (rows - 11) / 28
    k1, k2, p1, p2, k3 = coefficients
    r2 = x**2 + y**2
    radial = 1 + k1 * r2 + k2 * r2**2 + k3 * r2**3
    bent_x = x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x**2)
    bent_y = y * radial + p1 * (r2 + 2 * y**2) + 2 * p2 * x * y
    expected = torch.stack([30 * bent_x + 15, 28 * bent_y + 11], -1)
    inside = (slice(2, -2), slice(2, -2))  # a barrel lens never looks beyond its border here
    torch.testing.assert_close(found[inside], expected[inside].float(), atol=1e-3, rtol=0)
