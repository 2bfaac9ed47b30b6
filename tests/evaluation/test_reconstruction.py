from math import log10

import pytest
import torch

from gaussrep.errors import CapabilityError
from gaussrep.methods import Reconstruction


def test_of_images_of_one_color_by_hand(evaluate, make_method):
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
    with pytest.raises(CapabilityError, match="Looker masks nothing"):
        evaluate("reconstruction", method)
