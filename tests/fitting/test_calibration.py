import pytest
import torch

from gaussrep.fitting.calibration import Calibration


def test_at_first_nothing_is_corrected(ring):
    found = Calibration(2.0)(ring)
    torch.testing.assert_close(found.viewmats, ring.viewmats)
    torch.testing.assert_close(found.Ks, ring.Ks)


def test_corrections_are_those_computed_by_hand(ring):
    calibration = Calibration(2.0)
    with torch.no_grad():
        calibration.zoom[:] = torch.tensor([1.5, 0.5]).log()
        calibration.shift[:] = torch.tensor([0.25, -0.125])
        calibration.turn[:] = torch.tensor([0, 0, torch.pi / 2])
        calibration.offset[:] = torch.tensor([0.0, 0, 0.5])
    cameras = ring.replace(height=32)
    found = calibration(cameras)
    fx, cx = ring.Ks[0, 0, 0], ring.Ks[0, 0, 2]
    expected = torch.tensor([[1.5 * fx, 0, cx + 4], [0, 0.5 * fx, cx - 4], [0, 0, 1]])
    torch.testing.assert_close(found.Ks[3], expected)
    mounting = torch.tensor([[0.0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 1], [0, 0, 0, 1]])
    torch.testing.assert_close(found.viewmats[3], mounting @ ring.viewmats[3])
    assert calibration.facts()["zoom"] == pytest.approx([1.5, 0.5])
    assert calibration.facts()["offset"] == pytest.approx([0, 0, 1.0])
