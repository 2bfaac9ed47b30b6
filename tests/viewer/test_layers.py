import itertools

import torch
from hypothesis import given
from hypothesis import strategies as st

from gaussrep.cameras import Cameras
from gaussrep.gaussians import Gaussians
from gaussrep.viewer.layers import gaussian_depths, layer_mask

DEPTHS = torch.tensor([3.0, 1.0, 2.0, 4.0])


def test_layers_are_shares_of_the_gaussians_from_front_to_back():
    assert layer_mask(DEPTHS, 0.0, 1.0).all()
    assert layer_mask(DEPTHS, 0.0, 0.5).tolist() == [False, True, True, False]
    assert layer_mask(DEPTHS, 0.75, 1.0).tolist() == [False, False, False, True]
    assert not layer_mask(DEPTHS, 0.5, 0.5).any()


@given(st.lists(st.floats(-9, 9, width=32), max_size=20), st.lists(st.floats(0, 1), max_size=4))
def test_neighboring_layers_hold_each_gaussian_once(depths, ends):
    ends = [0.0, *sorted(ends), 1.0]
    layers = [layer_mask(torch.tensor(depths), *pair) for pair in itertools.pairwise(ends)]
    assert torch.stack(layers).sum(0).eq(1).all()


def test_depth_is_along_the_optical_axis_or_along_an_axis():
    means = torch.tensor([[1.0, 2, 3], [4, 5, 6]])
    gaussians = Gaussians(
        means, torch.ones(2, 4), torch.ones(2, 3), torch.ones(2), colors=torch.ones(2, 3)
    )
    eye, target, up = torch.tensor([[9.0, 0, 0]]), torch.zeros(3), torch.tensor([0.0, -1, 0])
    cameras = Cameras.look_at(eye, target, up, 8, 8)
    torch.testing.assert_close(
        gaussian_depths(gaussians, "camera", cameras), torch.tensor([8.0, 5])
    )
    assert gaussian_depths(gaussians, "y", cameras).tolist() == [2, 5]
