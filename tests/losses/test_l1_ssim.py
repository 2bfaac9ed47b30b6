import pytest
import torch
from skimage.metrics import structural_similarity  # noqa: TID253 - what it is compared with

from gaussrep.losses.config import L1SSIMConfig
from gaussrep.losses.l1_ssim import is_supported, l1_ssim
from gaussrep.losses.pixel import L1SSIM

SHAPES = [(2, 5, 6, 3), (1, 11, 16, 1), (2, 2, 12, 14, 3), (1, 21, 37, 4), (128, 40, 3)]
"""Around a vector, a block of rows, and half of the window."""


def images(shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    first = torch.rand(shape, generator=generator)
    return first, (first + 0.1 * torch.randn(shape, generator=generator)).clamp(0, 1)


def test_means_are_those_of_scikit_image():
    first, second = images((1, 30, 41, 3))
    _, index = structural_similarity(
        first[0].double().numpy(),
        second[0].double().numpy(),
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=1,
        full=True,
        channel_axis=-1,
    )
    loss, l1, found = l1_ssim(first, second, 0.2)
    assert found.item() == pytest.approx(index.mean(), abs=2e-7)
    assert loss.item() == pytest.approx(0.8 * l1.item() + 0.2 * (1 - index.mean()), abs=2e-7)
    assert l1.item() == pytest.approx((first - second).abs().double().mean().item(), abs=1e-7)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("is_masked", [False, True])
def test_values_and_gradients_are_those_of_torch_in_float64(shape, is_masked):
    first, second = images(shape, seed=1)
    assert is_supported(first, second)
    mask = torch.rand(shape[:-1], generator=torch.Generator().manual_seed(2)) < 0.6
    loss = L1SSIM(L1SSIMConfig(ssim_weight=0.7))
    results = []
    for dtype in (torch.float32, torch.float64):  # the kernels, torch's operations
        prediction = first.to(dtype, copy=True).requires_grad_()
        found = loss.with_terms(prediction, second.to(dtype), mask if is_masked else None)
        found.loss.backward()
        results.append([found.loss, found.terms["l1"], found.terms["ssim"], prediction.grad])
    for fast, exact in zip(*results, strict=True):
        error = (fast.double() - exact).abs().max()
        assert error <= 3e-6 * exact.abs().max()
    if is_masked:
        assert not results[0][-1][~mask].any()


def test_the_gradient_of_equal_images_is_zero():
    image = images((16, 16, 3))[0].requires_grad_()
    loss, l1, index = l1_ssim(image, image.detach(), 0.5)
    assert (l1.item(), index.item()) == (0, pytest.approx(1, abs=1e-6))
    loss.backward()
    assert image.grad is not None
    assert image.grad.abs().max() < 1e-6


def test_the_gradient_is_multiplied_by_that_to_the_loss():
    first, second = images((16, 16, 3))
    gradients = []
    for factor in (1.0, 3.0):
        prediction = first.clone().requires_grad_()
        (factor * l1_ssim(prediction, second, 0.2)[0]).backward()
        gradients.append(prediction.grad)
    torch.testing.assert_close(gradients[1], 3 * gradients[0])
    assert gradients[0].any()


def test_nothing_outside_of_the_mask_reaches_value_or_gradient():
    first, second = images((16, 16, 3))
    mask = torch.ones(16, 16, dtype=torch.bool)
    mask[3:6, 4] = False
    broken = torch.where(mask[..., None], first, torch.nan).requires_grad_()
    loss = L1SSIM(L1SSIMConfig())
    value = loss(broken, second, mask)
    value.backward()
    assert value.item() == loss(first, second, mask).item()
    assert broken.grad.isfinite().all()


def test_values_do_not_depend_on_the_number_of_threads():
    first, second = images((2, 40, 33, 3))
    results = []
    before = torch.get_num_threads()
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            prediction = first.clone().requires_grad_()
            l1_ssim(prediction, second, 0.5)[0].backward()
            results.append((l1_ssim(first, second, 0.5), prediction.grad))
    finally:
        torch.set_num_threads(before)
    (means, gradient), (others, other_gradient) = results
    assert [each.item() for each in means] == [each.item() for each in others]
    assert torch.equal(gradient, other_gradient)


def test_a_target_with_a_gradient_is_left_to_torch():
    first, second = images((16, 16, 3))
    second.requires_grad_()
    assert not is_supported(first, second)
    L1SSIM(L1SSIMConfig())(first, second).backward()
    assert second.grad.any()
