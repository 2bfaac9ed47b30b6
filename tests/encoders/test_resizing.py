import pytest
import torch

from gaussrep.encoders.resizing import resize_images, resize_to_patch_grid


@pytest.mark.parametrize(
    ("size", "cell", "longer", "wanted"),
    [
        ((16, 24), 8, None, (16, 24)),
        ((17, 30), 8, None, (16, 32)),
        ((2, 3), 8, None, (8, 8)),
        ((480, 640), 14, 518, (392, 518)),
        ((30, 10), 4, 60, (60, 20)),
    ],
)
def test_sides_become_the_nearest_multiples(size, cell, longer, wanted):
    assert resize_to_patch_grid(torch.rand(1, 3, *size), cell, longer).shape[-2:] == wanted


def test_an_image_that_fits_stays_itself():
    images = torch.rand(1, 3, 8, 16)
    assert resize_to_patch_grid(images, 8) is images


def test_shrinking_averages():
    checked = (torch.arange(8) % 2).float().expand(1, 3, 8, 8)
    assert torch.allclose(resize_images(checked, 2, 2), torch.tensor(0.5), atol=0.05)
