import torch
from hypothesis import given
from hypothesis import strategies as st

from gaussrep_gmae.masking import masked_patches, mean_of, random_visible, to_pixels


@given(st.integers(1, 5), st.integers(1, 40), st.data())
def test_visible_patches_are_distinct(batch, patches, data):
    visible = data.draw(st.integers(1, patches))
    indices = random_visible(batch, patches, visible, torch.device("cpu"))
    assert indices.shape == (batch, visible)
    assert all(len(set(row)) == visible for row in indices.tolist())
    assert masked_patches(indices, patches).sum(-1).tolist() == [patches - visible] * batch


def test_pixels_follow_their_patch():
    masked = torch.tensor([[True, False, False, False], [False, False, True, False]])
    pixels = to_pixels(masked, 2)
    assert pixels[0].nonzero().tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert pixels[1].nonzero().tolist() == [[2, 0], [2, 1], [3, 0], [3, 1]]


def test_mean_counts_chosen_pixels_only():
    values = torch.arange(12.0).view(1, 2, 2, 3)
    chosen = torch.tensor([[[True, False], [False, True]]])
    assert mean_of(values, chosen).item() == (0 + 1 + 2 + 9 + 10 + 11) / 6
    assert mean_of(values, torch.zeros_like(chosen)).item() == 0
