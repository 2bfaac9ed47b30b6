import numpy as np
import pytest
from PIL import Image

from gaussrep.data.image_files import UnreadableImageError
from gaussrep.data.scenes.frames import FrameRef, read_depth, write_depth
from gaussrep.data.unreadable import UnreadableSceneError
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
    with pytest.raises(DataError, match=r"expected 0 to 65\.534 m"):
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
    with pytest.raises(UnreadableImageError, match=r"7\.png: .* mode RGB, expected sixteen bits"):
        read_depth(path)


K = np.array([[40.0, 0, 16], [0, 40, 12], [0, 0, 1]])


def make_shot(folder, size=(24, 32), focal=None):
    """An image whose red rises from left to right, green from top to bottom."""
    rows, columns = np.mgrid[: size[0], : size[1]] + 0.5
    image = np.stack([255 * columns / size[1], 255 * rows / size[0], 0 * rows], axis=-1)
    Image.fromarray(image.round().astype(np.uint8)).save(folder / "0.png")
    depth = np.ones((24, 32), np.float32)
    depth[:12] = 2
    write_depth(depth, folder / "0.depth.png")
    return FrameRef(0, folder / "0.png", folder / "0.depth.png", np.eye(4), K, focal)


def test_a_frame_as_it_is(tmp_path):
    view = make_shot(tmp_path).read()
    assert view.image.shape == (24, 32, 3)
    assert view.depth[11, 0] == 2
    assert view.depth[12, 0] == 1
    np.testing.assert_array_equal(view.intrinsics, K)


def test_a_smaller_frame_shows_the_same_and_mixes_no_depths(tmp_path):
    view = make_shot(tmp_path, size=(48, 64)).read((10, 16))
    assert view.image.shape == (10, 16, 3)
    assert set(np.unique(view.depth)) == {1, 2}
    assert abs(int(view.image[5, 8, 0]) - 255 * 8.5 / 16) < 3
    assert abs(int(view.image[5, 8, 1]) - 255 * 5.5 / 10) < 3
    np.testing.assert_allclose(view.intrinsics[:2, 2], [8, 5])


def test_a_photograph_of_its_own_focal_length_is_cut_to_what_the_depth_sees(tmp_path):
    view = make_shot(tmp_path, focal=20.0).read()  # it sees twice as far to each side
    left, right = view.image[12, 0, 0], view.image[12, -1, 0]
    assert abs(int(left) - 255 * 0.25) < 8
    assert abs(int(right) - 255 * 0.75) < 8


def test_a_photograph_that_sees_too_little_is_refused(tmp_path):
    with pytest.raises(UnreadableSceneError, match=r"0\.png: with a focal length of 50 .* lower"):
        make_shot(tmp_path, focal=50.0).read()
