import pytest
import torch

from gaussrep.errors import ShapeError
from gaussrep.fitting.capture import Capture
from gaussrep.fitting.posed_images import PosedImages


@pytest.fixture
def images(ring):
    return PosedImages(torch.rand(11, 16, 16, 3), ring, depths=torch.rand(11, 16, 16))


def test_holds_out_the_last_of_every_group(images):
    capture = Capture.split(images, 4)
    assert torch.equal(capture.held_out.colors, images.colors[[3, 7]])
    assert torch.equal(capture.held_out.cameras.viewmats, images.cameras.viewmats[[3, 7]])
    assert torch.equal(capture.train.depths, images.depths[[0, 1, 2, 4, 5, 6, 8, 9, 10]])


def test_holds_out_nothing_of_few_views(images):
    capture = Capture.split(images[:3], 4)
    assert capture.held_out is None
    assert capture.train.count == 3


def test_opaque_images_hide_the_background(images):
    assert images.over(torch.ones(3)) is images.colors


def test_transparent_images_show_it(ring):
    colors, alphas = torch.full((11, 16, 16, 3), 0.1), torch.full((11, 16, 16), 0.25)
    found = PosedImages(colors, ring, alphas).over(torch.tensor([0.0, 0.4, 0.8]))
    torch.testing.assert_close(found[0, 0, 0], torch.tensor([0.1, 0.4, 0.7]))


@pytest.mark.usefixtures("unchecked")
def test_refuses_other_shapes(ring):
    with pytest.raises(ShapeError, match="alphas"):
        PosedImages(torch.rand(11, 16, 16, 3), ring, torch.rand(11, 16, 8))
