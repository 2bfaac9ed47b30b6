import pytest
import torch

from gaussrep.config import resolve
from gaussrep.rendering import project
from gaussrep_gmae.camera import canonical_camera
from gaussrep_gmae.decoder import GaussianHead
from gaussrep_gmae.position import low_discrepancy_grid


def silent(head):
    """A head that says only its start values."""
    head.linear.weight.data.zero_()
    return head


def test_the_scale_limit_is_a_sixteenth_of_the_width(make_method):
    head = silent(make_method(max_scale=1.0).head)
    head.start.data.zero_()
    head.start.data[:, 3:6] = 50.0
    widest = head(torch.zeros(1, 20, 32))
    seen = project(widest, canonical_camera(1, 32, torch.device("cpu")))
    sigma = (1 / seen.conics[..., 0] - 0.3).sqrt()
    torch.testing.assert_close(sigma, torch.full_like(sigma, 32 / 16))


@pytest.mark.parametrize("max_scale", [0.5, 2.0])
def test_scales_stay_below_their_limit(make_method, max_scale):
    head = make_method(max_scale=max_scale).head
    scales = head(1e4 * torch.randn(2, 20, 32)).scales
    assert scales.max().item() == pytest.approx(max_scale / 8)
    assert scales.min() >= 0


def test_a_random_head_starts_as_the_successors():
    """Normalized inputs and torch's own start: raw std 1/√3, centers 0.27, scales 0.13 of c."""
    config = resolve("methods", {"type": "gmae", "spread_start": False, "queries": 500})
    torch.manual_seed(0)
    predictions = []
    for _ in range(20):
        with torch.no_grad():
            predictions.append(GaussianHead(config)(torch.randn(1, 500, 512)))
    means = torch.cat([g.means for g in predictions])
    assert means.std().item() == pytest.approx(0.27, abs=0.015)
    assert (means.abs() < 0.62).float().mean() > 0.98
    scales = torch.cat([g.scales for g in predictions]) * 8
    assert scales.mean().item() == pytest.approx(0.5, abs=0.01)
    assert scales.std().item() == pytest.approx(0.13, abs=0.01)
    opacities = torch.cat([g.opacities for g in predictions])
    assert opacities.mean().item() == pytest.approx(0.5, abs=0.02)


def test_without_a_spread_start_no_gaussian_has_a_bias_to_learn(make_method):
    head = make_method(spread_start=False).head
    assert not head.start.requires_grad
    assert not head.start.any()


@pytest.mark.parametrize("each", [1, 4])
def test_gaussians_of_a_query_start_around_its_place(make_method, each):
    head = silent(make_method(queries=64, gaussians_per_query=each).head)
    means = head(torch.zeros(1, 64, 32)).means[0, :, :2].view(64, each, 2)
    at = 0.98 * low_discrepancy_grid(64)
    torch.testing.assert_close(means.mean(1), at, atol=0.05, rtol=0)
    assert (means - at[:, None]).abs().max() <= 1.01 / 8
    assert means.unique(dim=1).shape[1] == each


def test_a_query_reports_all_its_gaussians(make_method):
    head = make_method(queries=5, gaussians_per_query=3).head
    queries = torch.randn(2, 5, 32)
    before = head(queries)
    assert before.opacities.shape == (2, 15)
    queries[:, 2] += 1.0
    moved = (head(queries).means != before.means).any(-1)
    assert moved.nonzero()[:, 1].unique().tolist() == [6, 7, 8]
