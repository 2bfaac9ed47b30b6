from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gaussrep.errors import ValueRangeError
from gaussrep_gmae.layers import sliding_window_inference
from gaussrep_gmae.layers.sliding_window import hann_window, infer_windows, resize, window_starts


def test_a_constant_map_stays_constant():
    def predictor(windows):
        return torch.full((len(windows), 1, 16, 16), 0.5)

    assert (infer_windows(torch.rand(3, 37, 50), predictor, 16, 8) == 0.5).all()


@pytest.mark.parametrize("batch_size", [1, 5, 100])
def test_windows_join_to_the_image(batch_size):
    image = torch.rand(3, 37, 50, generator=torch.Generator().manual_seed(0))
    joined = infer_windows(image, lambda windows: windows, 16, 7, batch_size)
    torch.testing.assert_close(joined, image)


def test_centers_of_windows_weigh_more():
    def predictor(windows):
        maps = torch.zeros(len(windows), 1, 8, 8)
        maps[:, :, :, 4:] = 1
        return maps

    joined = infer_windows(torch.rand(3, 8, 12), predictor, 8, 4)[0, 0]
    curve = hann_window(8)[0]
    fractions = [0.0] * 4 + [(curve[i + 4] / (curve[i + 4] + curve[i])).item() for i in range(4)]
    torch.testing.assert_close(joined, torch.tensor([*fractions, *[1.0] * 4]))


@given(st.integers(8, 300), st.integers(1, 8))
def test_windows_reach_from_end_to_end(length, stride):
    found = window_starts(length, 8, stride)
    assert found[0] == 0
    assert found[-1] == length - 8
    assert all(0 < b - a <= stride for a, b in pairwise(found))


def test_an_image_smaller_than_a_window_is_refused():
    with pytest.raises(ValueRangeError, match="image is 8x20, expected at least 16x16"):
        infer_windows(torch.rand(3, 8, 20), lambda windows: windows, 16, 8)


@pytest.mark.parametrize("stride", [0, 17])
def test_a_stride_out_of_range_is_refused(stride):
    with pytest.raises(ValueRangeError, match=f"stride is {stride}, expected 1 to"):
        infer_windows(torch.rand(3, 32, 32), lambda windows: windows, 16, stride)


def test_scales_are_averaged_at_the_images_size():
    sizes = []

    def predictor(windows):
        sizes.append(len(windows))
        return torch.full((len(windows), 2, 16, 16), float(len(sizes)))

    maps = sliding_window_inference(torch.rand(3, 32, 48), predictor, 16, 16, (1.0, 0.5), 100)
    assert sizes == [6, 2]
    torch.testing.assert_close(maps, torch.full((2, 32, 48), 1.5))


def test_a_small_image_is_enlarged():
    maps = sliding_window_inference(torch.rand(3, 10, 12), lambda windows: windows, 16, 16)
    assert maps.shape == (3, 10, 12)


def test_resizing_to_the_same_size_changes_nothing():
    image = torch.rand(3, 5, 7)
    assert resize(image, 5, 7) is image
