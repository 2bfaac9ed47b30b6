import numpy as np
import pytest
from PIL import Image

from gaussrep.data.image_files import UnreadableImageError
from gaussrep.data.scenes.frames import read_depth, write_depth
from gaussrep.errors import DataError


def test_depth_comes_back_to_the_millimeter(tmp_path):
    depth = np.array([[0, 1.2344], [65.534, 0.0006]], np.float32)
    write_depth(depth, tmp_path / "depth.png")
    found = read_depth(tmp_path / "depth.png")
    np.testing.assert_allclose(found, [[0, 1.234], [65.534, 0.001]], atol=1e-6)


def test_depth_of_65535_was_not_measured(tmp_path):
    Image.fromarray(np.array([[65535, 1000]], np.uint16)).save(tmp_path / "depth.png")
    np.testing.assert_array_equal(read_depth(tmp_path / "depth.png"), [[0, 1]])


@pytest.mark.parametrize("value", [-0.1, 70.0, np.nan, np.inf])
def test_depth_that_does_not_fit_is_refused(tmp_path, value):
    with pytest.raises(DataError, match=r"wanted 0 to 65\.534 m"):
        write_depth(np.array([[1, value]], np.float32), tmp_path / "depth.png")
    assert list(tmp_path.iterdir()) == []


def test_damaged_depth_is_named(tmp_path):
    path = tmp_path / "7.png"
    with pytest.raises(UnreadableImageError, match=r"7\.png: there is no such file"):
        read_depth(path)
    write_depth(np.ones((40, 40), np.float32), path)
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(UnreadableImageError, match=r"7\.png: this depth cannot be read"):
        read_depth(path)
    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(path)
    with pytest.raises(UnreadableImageError, match=r"7\.png: .* mode RGB, wanted sixteen bits"):
        read_depth(path)
