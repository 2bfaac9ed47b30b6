import pytest
import torch

from gaussrep_nerfstudio import metrics
from gaussrep_nerfstudio.metrics import MISSING, ViewMetrics


@pytest.fixture
def output(monkeypatch, tmp_path):
    """What is logged, on a machine without weights."""
    lines = []
    monkeypatch.setattr(metrics.CONSOLE, "log", lines.append)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    return lines


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*_, **__):
        raise OSError("no network here")

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", refuse)
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", refuse)


def test_missing_lpips_is_reported_once_and_nothing_is_downloaded(output, no_network):
    measure = ViewMetrics("if-there")
    truth = torch.rand(16, 16, 3)
    for _ in range(3):
        found = measure((truth + 0.1).clamp(0, 1), truth)
        assert set(found) == {"psnr", "ssim"}
    assert output == [MISSING]


def test_a_download_that_fails_is_reported(output, no_network):
    assert set(ViewMetrics("download")(torch.rand(16, 16, 3), torch.rand(16, 16, 3))) == {
        "psnr",
        "ssim",
    }
    assert output == ["The weights cannot be had: no network here", MISSING]


def test_off_reports_nothing(output):
    found = ViewMetrics("off")(torch.zeros(16, 16, 3), torch.full((16, 16, 3), 0.1))
    assert found["psnr"] == pytest.approx(20, abs=1e-3)
    assert output == []
