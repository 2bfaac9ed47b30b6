import pytest
import torch

from gaussrep.color_spaces import from_srgb, to_srgb


@pytest.mark.parametrize(
    ("linear", "srgb"), [(0, 0), (0.002, 0.02584), (0.214041, 0.5), (0.5, 0.735357), (1, 1)]
)
def test_values_of_the_standard(linear, srgb):
    assert to_srgb(torch.tensor(linear), "linear").item() == pytest.approx(srgb, abs=1e-5)
    assert from_srgb(torch.tensor(float(srgb)), "linear").item() == pytest.approx(linear, abs=1e-5)


def test_srgb_stays_as_it_is_but_for_values_beyond():
    color = torch.tensor([-0.5, 0.25, 1.5])
    assert to_srgb(color, "srgb").tolist() == [0, 0.25, 1]
    assert torch.equal(from_srgb(color, "srgb"), color)
