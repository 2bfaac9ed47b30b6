from math import log10

import pytest
import torch

from gaussrep.metrics import depth_error, mean_visible_color, psnr, ssim
from gaussrep.metrics.image import masked_mean
from gaussrep.metrics.structural_similarity import ssim_map


def test_psnr_counts_masked_pixels_only():
    truth = torch.zeros(2, 3, 6, 6)
    predicted = truth.clone()
    predicted[:, :, :3] = 0.9  # visible, and wrong
    predicted[0, :, 3:] = 0.1
    predicted[1, 0, 3:] = 0.2
    masked = torch.zeros(2, 6, 6, dtype=torch.bool)
    masked[:, 3:] = True
    wanted = torch.tensor([20.0, -10 * log10(0.04 / 3)])
    torch.testing.assert_close(psnr(predicted, truth, masked, channel_dim=-3), wanted)
    assert psnr(truth, truth, masked, channel_dim=-3).tolist() == [100.0, 100.0]


def test_psnr_has_one_value_per_image():
    """Seven views of 36 dB and one of 15 dB are 33.4 dB, the mean that papers report.

    `compute()` of torchmetrics 1.9.0 and kornia 0.9.0 average the errors first: 23.8 dB.
    """
    wanted = torch.tensor([36.0] * 7 + [15.0])
    truth = torch.full((8, 3, 4, 4), 0.5)
    found = psnr(truth + 10 ** (-wanted / 20)[:, None, None, None], truth, channel_dim=-3)
    torch.testing.assert_close(found, wanted)
    assert found.mean().item() == pytest.approx(33.375)


def test_ssim_is_the_mean_of_the_map_over_masked_pixels():
    generator = torch.Generator().manual_seed(0)
    one, two = torch.rand(2, 1, 3, 12, 12, generator=generator)
    masked = torch.rand(1, 12, 12, generator=generator) < 0.4
    wanted = ssim_map(one, two).permute(0, 2, 3, 1)[masked].mean()
    torch.testing.assert_close(ssim(one, two, masked, channel_dim=-3)[0], wanted)


def test_mean_visible_color():
    images = torch.zeros(1, 3, 2, 2)
    images[0, :, 0, 0] = torch.tensor([0.2, 0.4, 0.6])
    images[0, :, 0, 1] = torch.tensor([0.4, 0.4, 0.0])
    images[0, :, 1] = 1
    masked = torch.tensor([[[False, False], [True, True]]])
    filled = mean_visible_color(images, masked)
    torch.testing.assert_close(filled[0, :, 1, 0], torch.tensor([0.3, 0.4, 0.3]))
    assert (filled == filled[:, :, :1, :1]).all()
    assert not mean_visible_color(images, torch.ones_like(masked)).any()


@pytest.mark.parametrize("channel_dim", [-1, -3])
def test_both_layouts_give_the_same_numbers(channel_dim):
    first, last = torch.rand(2, 2, 3, 8, 9)
    mask = torch.rand(2, 8, 9) < 0.5
    moved = [images.movedim(-3, channel_dim) for images in (first, last)]
    torch.testing.assert_close(psnr(*moved, mask, channel_dim), psnr(first, last, mask, -3))
    torch.testing.assert_close(psnr(*moved), psnr(first, last))
    torch.testing.assert_close(ssim(*moved, mask, channel_dim), ssim(first, last, mask, -3))
    torch.testing.assert_close(
        ssim(*moved, channel_dim=channel_dim), ssim(first, last, channel_dim=-3)
    )


def test_a_masked_mean_counts_chosen_pixels_only():
    values = torch.arange(12.0).view(1, 2, 2, 3)
    chosen = torch.tensor([[[True, False], [False, True]]])
    assert masked_mean(values, chosen).item() == (0 + 1 + 2 + 9 + 10 + 11) / 6


def test_a_masked_mean_over_no_pixel_is_zero():
    assert masked_mean(torch.ones(2, 4, 4, 3), torch.zeros(2, 4, 4, dtype=torch.bool)).tolist() == [
        0.0,
        0.0,
    ]


def test_depth_counts_where_it_was_measured():
    rendered, measured = torch.tensor([[2.0, 5.0, 1.0]]), torch.tensor([[1.5, 0.0, 2.0]])
    assert depth_error(rendered, measured).item() == 0.75
    assert depth_error(rendered, measured, measured > 1.9).item() == 1.0
    assert depth_error(rendered, torch.zeros(1, 3)).item() == 0.0
