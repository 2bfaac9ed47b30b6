import pytest
import torch

from gaussrep.errors import ShapeError
from gaussrep.fitting.capture import Capture, PosedImages


@pytest.fixture
def pictures(ring):
    return PosedImages(torch.rand(11, 16, 16, 3), ring, depths=torch.rand(11, 16, 16))


def test_holds_out_the_last_of_every_group(pictures):
    capture = Capture.split(pictures, 4)
    assert torch.equal(capture.held_out.colors, pictures.colors[[3, 7]])
    assert torch.equal(capture.held_out.cameras.viewmats, pictures.cameras.viewmats[[3, 7]])
    assert torch.equal(capture.train.depths, pictures.depths[[0, 1, 2, 4, 5, 6, 8, 9, 10]])


def test_holds_out_nothing_of_few_views(pictures):
    capture = Capture.split(pictures[:3], 4)
    assert capture.held_out is None
    assert capture.train.count == 3


def test_opaque_pictures_hide_the_background(pictures):
    assert pictures.over(torch.ones(3)) is pictures.colors


def test_transparent_pictures_show_it(ring):
    colors, alphas = torch.full((11, 16, 16, 3), 0.1), torch.full((11, 16, 16), 0.25)
    found = PosedImages(colors, ring, alphas).over(torch.tensor([0.0, 0.4, 0.8]))
    torch.testing.assert_close(found[0, 0, 0], torch.tensor([0.1, 0.4, 0.7]))


@pytest.mark.usefixtures("unchecked")
def test_refuses_other_shapes(ring):
    with pytest.raises(ShapeError, match="alphas"):
        PosedImages(torch.rand(11, 16, 16, 3), ring, torch.rand(11, 16, 8))
