import numpy as np
import pytest
import torch
from PIL import Image

from gaussrep.data.image_files import UnreadableImageError
from gaussrep.fitting.sources.picture import read_picture, smaller


@pytest.mark.parametrize(
    ("size", "longest", "wanted"),
    [((640, 480), 160, (160, 120)), ((480, 640), 160, (120, 160)), ((64, 48), 160, (64, 48)),
     ((64, 48), None, (64, 48)), ((1000, 1), 10, (10, 1))],
)  # fmt: skip
def test_smaller(size, longest, wanted):
    assert smaller(size, longest) == wanted


def test_hidden_colors_do_not_bleed(tmp_path):
    """Half of the picture is a bright green that nobody sees."""
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[:, :4] = [200, 0, 0, 255]
    pixels[:, 4:] = [0, 255, 0, 0]
    Image.fromarray(pixels).save(tmp_path / "a.png")
    found = read_picture(tmp_path / "a.png", 4)
    assert found.native == (8, 8)
    assert found.values.shape == (4, 4, 4)
    assert found.values[..., 1].max() < 0.02
    torch.testing.assert_close(
        found.values[0, 0], torch.tensor([200 / 255, 0, 0, 1]), atol=0.03, rtol=0
    )


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UnreadableImageError, match=r"a\.png: there is no such file"):
        read_picture(tmp_path / "a.png", None)
