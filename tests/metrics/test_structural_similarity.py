import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter
from skimage.metrics import structural_similarity  # noqa: TID253 - what it is compared with

from gaussrep.errors import ShapeError
from gaussrep.metrics.structural_similarity import ssim_map


@given(
    height=st.integers(11, 30),
    width=st.integers(11, 30),
    noise=st.sampled_from([0.0, 0.01, 0.3]),
    seed=st.integers(0, 9),
)
def test_against_scikit_image(height, width, noise, seed):
    generator = torch.Generator().manual_seed(seed)
    first = torch.rand(2, 3, height, width, generator=generator, dtype=torch.float64)
    second = first + noise * torch.randn(first.shape, generator=generator, dtype=torch.float64)
    found = ssim_map(first, second)
    for actual, one, two in zip(found, first, second, strict=True):
        _, wanted = structural_similarity(
            one.numpy(),
            two.numpy(),
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            data_range=1,
            full=True,
            channel_axis=0,
        )
        torch.testing.assert_close(actual, torch.from_numpy(wanted), rtol=1e-8, atol=1e-8)


def test_of_flat_images_by_hand():
    """Without variance only the means remain: (2 a b + K1²) / (a² + b² + K1²)."""
    first, second = torch.full((1, 3, 12, 12), 0.5), torch.full((1, 3, 12, 12), 0.25)
    wanted = (2 * 0.5 * 0.25 + 1e-4) / (0.25 + 0.0625 + 1e-4)
    torch.testing.assert_close(
        ssim_map(first, second), torch.full_like(first, wanted), rtol=1e-3, atol=0
    )


def test_small_images():
    assert ssim_map(torch.rand(1, 1, 5, 5), torch.rand(1, 1, 5, 5)).shape == (1, 1, 5, 5)
    with pytest.raises(ShapeError, match="at least 5 pixels a side"):
        ssim_map(torch.rand(1, 1, 4, 8), torch.rand(1, 1, 4, 8))


@pytest.mark.parametrize("size", [(5, 7), (16, 16), (30, 128), (20, 129), (140, 300)])
def test_against_filters_of_scipy_at_sizes_around_a_block(size):
    generator = torch.Generator().manual_seed(1)
    first = torch.rand(2, 3, *size, generator=generator, dtype=torch.float64)
    second = (first + 0.2 * torch.randn(first.shape, generator=generator)).clamp(0, 1)
    one, two = first.numpy(), second.numpy()

    def mean(values):
        return gaussian_filter(values, 1.5, radius=5, axes=(2, 3))

    spread = mean(one**2) - mean(one) ** 2 + mean(two**2) - mean(two) ** 2
    together = mean(one * two) - mean(one) * mean(two)
    wanted = (2 * mean(one) * mean(two) + 1e-4) * (2 * together + 9e-4)
    wanted /= (mean(one) ** 2 + mean(two) ** 2 + 1e-4) * (spread + 9e-4)
    torch.testing.assert_close(ssim_map(first, second), torch.from_numpy(wanted))


def test_large_images_are_compared_pixel_by_pixel():
    """Noise of single pixels counts at every size, so that a blurred image is ranked first.

    piq 0.8.0 averages blocks of 2 x 2 pixels from 384 pixels on, and ranks the noisy image first.
    """
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(2, 384, 384, generator=generator, dtype=torch.float64).numpy()
    texture = sum(size**0.8 * gaussian_filter(noise[0], size) for size in (1, 2, 4, 8, 16))
    truth = (0.5 + texture / 4).clip(0, 1)
    images = [truth + 0.09 * noise[1], gaussian_filter(truth, 1.5)]
    truth, *images = (torch.from_numpy(image)[None, None] for image in (truth, *images))
    noisy, blurred = (ssim_map(image, truth).mean().item() for image in images)
    assert noisy < blurred - 0.02


def test_gradients_are_right():
    generator = torch.Generator().manual_seed(1)
    output, truth = torch.rand(2, 1, 1, 6, 7, generator=generator, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda x: ssim_map(x, truth).mean(), output.requires_grad_())


def test_is_1_for_the_same_image():
    image = torch.rand(1, 3, 12, 12)
    torch.testing.assert_close(ssim_map(image, image).mean(), torch.tensor(1.0))
