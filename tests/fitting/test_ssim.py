import pytest
import torch

from gaussrep.evaluation.ssim import ssim_map
from gaussrep.fitting.ssim import mean_ssim


@pytest.mark.parametrize("size", [(5, 7), (16, 16), (30, 128), (20, 129), (140, 300)])
def test_is_the_mean_of_the_ssim_map(size):
    generator = torch.Generator().manual_seed(1)
    first = torch.rand(2, *size, 3, generator=generator, dtype=torch.float64)
    second = (first + 0.2 * torch.randn(first.shape, generator=generator)).clamp(0, 1)
    expected = ssim_map(first.permute(0, 3, 1, 2), second.permute(0, 3, 1, 2)).mean()
    torch.testing.assert_close(mean_ssim(first, second), expected)


def test_gradients_are_right():
    generator = torch.Generator().manual_seed(1)
    said, truth = torch.rand(2, 1, 6, 7, 1, generator=generator, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda x: mean_ssim(x, truth), said.requires_grad_())


def test_is_1_for_the_same_picture():
    picture = torch.rand(1, 12, 12, 3)
    torch.testing.assert_close(mean_ssim(picture, picture), torch.tensor(1.0))
