from dataclasses import replace

import pytest
import torch

from gaussrep.fitting.calibration import Calibration
from gaussrep.fitting.fitting import Fitting
from gaussrep.rendering.projection import project


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


def test_finds_the_lens_of_a_wrongly_calibrated_capture(tiny_capture, tiny_config, tiny_scene):
    wrong = tiny_capture.train.cameras.Ks * torch.tensor([[1.1, 1, 1], [1, 1.1, 1], [1, 1, 1]])
    cameras = tiny_capture.train.cameras.replace(Ks=wrong)
    capture = replace(tiny_capture, train=replace(tiny_capture.train, cameras=cameras))
    settings = (
        "calibrate=true",
        "steps=150",
        "learning_rates.calibration=1e-2",
        "strategy.noise=0",
    )
    still = [
        f"learning_rates.{name}=1e-9" for name in ("quats", "scales", "opacities", "sh0", "shN")
    ]
    still += [
        "learning_rates.means=2e-9",
        "learning_rates.means_end=1e-9",
        "strategy.max_gaussians=12",
        "sh_degree=0",
    ]
    fitting = Fitting(tiny_config(*settings, *still), capture, torch.device("cpu"), tiny_scene)
    for _ in range(150):
        fitting.make_step()
    assert fitting.calibration.facts()["zoom"] == pytest.approx([1 / 1.1] * 2, abs=0.02)
    means = project(tiny_scene, fitting.calibration(cameras)).means2d
    right = project(tiny_scene, tiny_capture.train.cameras).means2d
    assert (means - right).abs().max() < 0.2


def test_a_restored_fit_goes_on_with_it(tiny_capture, tiny_config, tmp_path):
    config = tiny_config("calibrate=true")
    whole, restored = (Fitting(config, tiny_capture, torch.device("cpu")) for _ in range(2))
    for _ in range(6):
        whole.make_step()
    whole.save(tmp_path / "checkpoint")
    restored.restore(tmp_path / "checkpoint")
    losses = [[fitting.make_step().loss.item() for _ in range(5)] for fitting in (whole, restored)]
    assert losses[0] == losses[1]
    assert whole.calibration.zoom.abs().min() > 0
    assert torch.equal(whole.calibration.turn, restored.calibration.turn)


def test_without_it_cameras_stay(tiny_capture, tiny_config):
    fitting = Fitting(tiny_config(), tiny_capture, torch.device("cpu"))
    for _ in range(3):
        fitting.make_step()
    assert not fitting.calibration.zoom.any()
