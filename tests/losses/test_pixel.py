import math

import jaxtyping
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gaussrep.errors import ShapeError
from gaussrep.losses.config import L1SSIMConfig
from gaussrep.losses.pixel import L1, L1SSIM, MSE

PREDICTION = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]])
TARGET = torch.tensor([[[0.0, 4.0], [3.0, 1.0]]])


@pytest.mark.parametrize(("loss", "value"), [(MSE(), (1 + 4 + 0 + 9) / 4), (L1(), 6 / 4)])
def test_the_mean_over_all_channels_and_pixels(loss, value):
    assert loss(PREDICTION, TARGET).item() == value


@pytest.mark.parametrize(("loss", "value"), [(MSE(), 9 / 2), (L1(), 3 / 2)])
def test_only_masked_pixels_count(loss, value):
    mask = torch.tensor([[False, True]])
    assert loss(PREDICTION, TARGET, mask).item() == value


def test_the_mean_of_images_of_which_different_numbers_of_pixels_count():
    loss, prediction, target = MSE(), PREDICTION.expand(2, 1, 2, 2), TARGET.expand(2, 1, 2, 2)
    mask = torch.tensor([[[True, True]], [[False, True]]])
    assert loss(prediction, target, mask).item() == pytest.approx((14 + 9) / 6)
    assert loss.mean_of_images(prediction, target, mask).loss.item() == (14 / 4 + 9 / 2) / 2
    assert loss.mean_of_images(prediction, target).loss.item() == 14 / 4


def test_a_loss_without_errors_per_pixel_is_computed_of_all_images_together():
    loss, images = L1SSIM(L1SSIMConfig()), torch.rand(2, 12, 12, 3)
    mask = torch.zeros(2, 12, 12, dtype=torch.bool)
    mask[0], mask[1, :3] = True, True
    found = loss.mean_of_images(images, 1 - images, mask)
    assert found.loss.item() == loss(images, 1 - images, mask).item()
    assert found.terms.keys() == {"l1", "ssim"}


@pytest.mark.parametrize("loss", [MSE(), L1()])
def test_nothing_outside_the_mask_reaches_value_or_gradient(loss):
    prediction = PREDICTION.clone()
    prediction[0, 0] = math.nan
    target = TARGET.clone()
    target[0, 0, 1] = math.inf
    prediction.requires_grad_()
    value = loss(prediction, target, torch.tensor([[False, True]]))
    value.backward()
    assert value.isfinite()
    assert prediction.grad[0, 0].tolist() == [0, 0]
    assert prediction.grad[0, 1, 1] > 0


@pytest.mark.parametrize("loss", [MSE(), L1()])
def test_an_empty_mask_is_zero_with_a_gradient(loss):
    prediction = PREDICTION.clone().requires_grad_()
    value = loss(prediction, TARGET, torch.zeros(1, 2, dtype=torch.bool))
    value.backward()
    assert value.item() == 0
    assert not prediction.grad.any()


@pytest.mark.parametrize("loss", [MSE(), L1()])
def test_a_wrong_shape_is_named_instead_of_broadcast(loss, monkeypatch):
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # as it is outside of tests
    with pytest.raises(ShapeError, match=r"target has shape \[1, 1, 2\], expected \[1, 2, 2\]"):
        loss(PREDICTION, TARGET[:, :1])
    with pytest.raises(ShapeError, match="mask has shape"):
        loss(PREDICTION, TARGET, torch.ones(2, 2, dtype=torch.bool))


@settings(max_examples=30)
@given(st.integers(0, 2**31), st.sampled_from([MSE(), L1()]))
def test_masking_equals_selecting(seed, loss):
    generator = torch.Generator().manual_seed(seed)
    prediction, target = torch.rand(2, 2, 3, 4, 5, generator=generator, dtype=torch.float64)
    mask = torch.rand(2, 3, 4, generator=generator) < 0.5
    mask[0, 0, 0] = True
    selected = loss(prediction[mask][None, None], target[mask][None, None])
    torch.testing.assert_close(loss(prediction, target, mask), selected)


@pytest.mark.parametrize("loss", [MSE(), L1()])
def test_gradients(loss):
    prediction = torch.rand(2, 3, 2, dtype=torch.float64, requires_grad=True)
    target = torch.rand(2, 3, 2, dtype=torch.float64)
    mask = torch.tensor([[True, False, True], [True, True, False]])
    assert torch.autograd.gradcheck(lambda p: loss(p, target, mask), (prediction,))
