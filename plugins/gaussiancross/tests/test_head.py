import pytest
import torch

from gaussrep.config import resolve
from gaussrep_gaussiancross.anchors import AnchorGrid
from gaussrep_gaussiancross.head import GaussianField, GaussianHead, opacity_mask
from gaussrep_gaussiancross.scene_batch import SceneBatch

HALF = torch.arange(64).view(2, 32) % 2 == 0
"""Which cells hold points."""


@pytest.fixture
def config():
    given = {"anchors": (4, 4, 2), "feature_channels": 5, "max_offset": 0.5, "max_scale": 1.5}
    return resolve("methods", {"type": "gaussiancross", "dense": {"out_channels": 16}, **given})


def test_gaussians_stay_within_their_limits(config, make_batch):
    place = AnchorGrid.of(SceneBatch.of(make_batch()), config)
    head = GaussianHead(config)
    with torch.no_grad():
        head.raw.weight.mul_(100)
    output = head(torch.randn(2, 32, 16), HALF, place)
    cell = place.cell[:, None]
    assert ((output.means - place.anchors()).abs() <= 0.5001 * cell).all()
    assert (output.scales <= 1.5001 * cell).all()
    assert output.features is not None
    assert output.features.shape == (2, 32, 5)
    assert ((output.colors >= 0) & (output.colors <= 1)).all()


def test_gaussians_start_round_half_a_cell_wide_and_over_the_threshold(config, make_batch):
    torch.manual_seed(0)
    place = AnchorGrid.of(SceneBatch.of(make_batch()), config)
    output = GaussianHead(config)(torch.randn(2, 32, 16), HALF, place)
    torch.testing.assert_close(
        output.scales, (0.5 * place.cell)[:, None].expand(2, 32, 3), rtol=0.2, atol=0
    )
    assert (output.opacities > config.opacity_threshold).all()
    torch.testing.assert_close(output.opacities[HALF], torch.full((32,), 0.8), atol=0.1, rtol=0)
    torch.testing.assert_close(output.opacities[~HALF], torch.full((32,), 0.35), atol=0.1, rtol=0)


@pytest.mark.parametrize("initial_scale", [0.7, 1.0])
def test_gaussians_start_as_wide_as_given(config, make_batch, initial_scale):
    torch.manual_seed(0)
    place = AnchorGrid.of(SceneBatch.of(make_batch()), config)
    head = GaussianHead(config.model_copy(update={"initial_scale": initial_scale}))
    output = head(torch.zeros(2, 32, 16), HALF, place)
    wanted = (initial_scale * place.cell)[:, None].expand(2, 32, 3)
    torch.testing.assert_close(output.scales, wanted, rtol=0.05, atol=0)


def test_colors_start_as_those_that_are_seen(config, make_batch):
    torch.manual_seed(0)
    place = AnchorGrid.of(SceneBatch.of(make_batch()), config)
    head, cells = GaussianHead(config), torch.randn(2, 32, 16)
    seen = torch.rand(2, 32, 3)
    relative = head(cells, HALF, place, seen)
    torch.testing.assert_close(relative.colors, seen, atol=0.1, rtol=0)
    gray = head(cells, HALF, place, torch.full_like(seen, 0.5))
    torch.testing.assert_close(gray.colors, head(cells, HALF, place).colors)
    assert torch.isfinite(head(cells, HALF, place, seen.round()).colors.logit()).all()


def test_the_threshold_drops_and_the_guard_keeps():
    opacities = torch.tensor([[0.9, 0.2, 0.31, 0.3], [0.1, 0.2, 0.05, 0.25]])
    assert opacity_mask(opacities, 0.3, 2).tolist() == [
        [True, False, True, False],
        [False, True, False, True],
    ]
    assert opacity_mask(opacities, 0.3, 99).all()


def test_a_field_gives_what_passed(config, make_batch):
    place = AnchorGrid.of(SceneBatch.of(make_batch()), config)
    output = GaussianHead(config)(torch.randn(2, 32, 16), HALF, place)
    kept = torch.zeros(2, 32, dtype=torch.bool)
    kept[0, 3] = kept[1, 5] = kept[1, 9] = True
    pruned = GaussianField(output, kept, place.cuboid, 2 * place.cell[:, None]).pruned
    assert pruned.count == 2
    torch.testing.assert_close(pruned.means[1], output.means[1, [5, 9]])
    assert pruned.opacities[0, 1] == 0
