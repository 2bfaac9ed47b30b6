import pytest
import torch

from gaussrep.building import build
from gaussrep.metrics.structural_similarity import ssim_map

GENERATOR = torch.Generator().manual_seed(0)
PREDICTION, TARGET = torch.rand(2, 2, 3, 12, 14, 3, generator=GENERATOR)


def index(prediction, target):
    """The mean SSIM index of channels-last images."""
    flat = (images.flatten(0, -4).permute(0, 3, 1, 2) for images in (prediction, target))
    return ssim_map(*flat).mean()


def test_ssim_is_one_minus_the_mean_index():
    loss = build("losses", "ssim")
    assert loss(PREDICTION, TARGET).item() == (1 - index(PREDICTION, TARGET)).item()
    terms = loss.with_terms(PREDICTION, TARGET).terms
    assert terms["similarity"].item() == index(PREDICTION, TARGET).item()


@pytest.mark.parametrize("weight", [0.0, 0.2, 1.0])
def test_the_loss_of_3dgs(weight):
    loss = build("losses", {"type": "l1-ssim", "ssim_weight": weight})
    l1, ssim = (PREDICTION - TARGET).abs().mean(), index(PREDICTION, TARGET)
    found = loss.with_terms(PREDICTION, TARGET)
    wanted = (1 - weight) * l1 + weight * (1 - ssim) if weight else l1
    torch.testing.assert_close(found.loss, wanted)
    torch.testing.assert_close(found.terms["l1"], l1)
    assert ("ssim" in found.terms) == bool(weight)


def test_cosine_by_hand():
    prediction = torch.tensor([[[1.0, 0.0], [1.0, 1.0], [2.0, 0.0]]])
    target = torch.tensor([[[0.0, 3.0], [2.0, 2.0], [-1.0, 0.0]]])
    loss = build("losses", "cosine")
    torch.testing.assert_close(loss(prediction, target), torch.tensor(1.0))
    errors = loss.errors(prediction, target)
    torch.testing.assert_close(errors, torch.tensor([[[1.0], [0.0], [2.0]]]))


@pytest.mark.parametrize("beta", [0.05, 1.0])
def test_smooth_l1_is_torchs(beta):
    loss = build("losses", {"type": "smooth-l1", "beta": beta})
    wanted = torch.nn.functional.smooth_l1_loss(PREDICTION, TARGET, beta=beta)
    torch.testing.assert_close(loss(PREDICTION, TARGET), wanted)
