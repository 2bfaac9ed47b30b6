from math import log10

import pytest
import torch

from gaussrep.errors import CapabilityError
from gaussrep.evaluation.reconstruction import ssim
from gaussrep.metrics.ssim import ssim_map
from gaussrep.methods import Reconstruction
from gaussrep.methods.hidden_pixels import mean_visible_color, psnr


def test_psnr_counts_hidden_pixels_alone():
    truth = torch.zeros(2, 3, 6, 6)
    said = truth.clone()
    said[:, :, :3] = 0.9  # visible, and wrong
    said[0, :, 3:] = 0.1
    said[1, 0, 3:] = 0.2
    hidden = torch.zeros(2, 6, 6, dtype=torch.bool)
    hidden[:, 3:] = True
    wanted = torch.tensor([20.0, -10 * log10(0.04 / 3)])
    torch.testing.assert_close(psnr(said, truth, hidden), wanted)
    assert psnr(truth, truth, hidden).tolist() == [100.0, 100.0]


def test_ssim_is_the_mean_of_the_map_over_hidden_pixels():
    generator = torch.Generator().manual_seed(0)
    one, two = torch.rand(2, 1, 3, 12, 12, generator=generator)
    hidden = torch.rand(1, 12, 12, generator=generator) < 0.4
    wanted = ssim_map(one, two).permute(0, 2, 3, 1)[hidden].mean()
    torch.testing.assert_close(ssim(one, two, hidden)[0], wanted)


def test_mean_visible_color():
    images = torch.zeros(1, 3, 2, 2)
    images[0, :, 0, 0] = torch.tensor([0.2, 0.4, 0.6])
    images[0, :, 0, 1] = torch.tensor([0.4, 0.4, 0.0])
    images[0, :, 1] = 1
    hidden = torch.tensor([[[False, False], [True, True]]])
    filled = mean_visible_color(images, hidden)
    torch.testing.assert_close(filled[0, :, 1, 0], torch.tensor([0.3, 0.4, 0.3]))
    assert (filled == filled[:, :, :1, :1]).all()
    assert not mean_visible_color(images, torch.ones_like(hidden)).any()


def test_of_pictures_of_one_color_by_hand(evaluate, make_method):
    """The toy says gray where colors are 0.9, 0.1, 0.1; their mean color is right."""
    settings = ["data.noise=0", "draws=3", "data.held_out=5", "batch_size=2"]
    scores = evaluate("reconstruction", make_method(), *settings, data="plain")
    assert list(scores.rows) == ["looker", "mean visible color"]
    assert scores.own["psnr"] == pytest.approx(-10 * log10(0.16), rel=1e-5)
    assert scores.rows["mean visible color"]["psnr"] > 90
    assert scores.rows["mean visible color"]["ssim"] == pytest.approx(1.0, abs=1e-4)
    assert scores.own["ssim"] < 0.9
    assert scores.facts == {"samples": 5, "draws": 3}


def test_masks_are_drawn_by_the_seed(evaluate, make_method):
    method, settings = make_method(), ["data.noise=0.4", "draws=1", "batch_size=4"]
    first, again, other = (
        evaluate("reconstruction", method, *settings, f"seed={seed}").own for seed in (0, 0, 2)
    )
    assert first == again
    assert first != other


def test_a_method_that_hides_nothing_or_cannot(evaluate, make_method, monkeypatch):
    with pytest.raises(CapabilityError, match="Mute reconstructs no images"):
        evaluate("reconstruction", make_method("mute"))
    method = make_method()

    def nothing_hidden(batch):
        image = batch["image"]
        return Reconstruction(image, torch.zeros(len(image), 12, 12, dtype=torch.bool))

    monkeypatch.setattr(method, "reconstruct", nothing_hidden)
    with pytest.raises(CapabilityError, match="Looker hides nothing"):
        evaluate("reconstruction", method)
