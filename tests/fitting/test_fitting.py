import pytest
import torch

from gaussrep.errors import RunError
from gaussrep.fitting.fitting import Fitting
from gaussrep.fitting.loop import held_out_fidelity
from gaussrep.fitting.scene_model import SceneModel

CPU = torch.device("cpu")


def losses(fitting, steps):
    return [fitting.make_step().loss.item() for _ in range(steps)]


@pytest.mark.parametrize("strategy", ["mcmc", "default"])
def test_recovers_a_scene(tiny_capture, tiny_config, strategy):
    fitting = Fitting(tiny_config("steps=150", f"strategy={strategy}"), tiny_capture, CPU)
    before = held_out_fidelity(fitting)
    losses(fitting, 150)
    after = held_out_fidelity(fitting)
    assert after.psnr > 21
    assert after.psnr > before.psnr + 8
    assert after.ssim > before.ssim + 0.3


def test_keeps_a_scene_that_is_right_already(tiny_capture, tiny_config, tiny_scene):
    fitting = Fitting(tiny_config("strategy.noise=0"), tiny_capture, CPU, start=tiny_scene)
    assert held_out_fidelity(fitting).psnr > 60
    fitting.make_step()
    assert held_out_fidelity(fitting).psnr > 30


@pytest.mark.parametrize("strategy", ["mcmc", "default"])
@pytest.mark.parametrize(
    "more", [[], ["batch_size=3", "random_background=true", "depth_weight=0.1"]]
)
def test_a_restored_fit_goes_on_as_one_that_was_never_stopped(
    tiny_capture, tiny_config, tmp_path, strategy, more
):
    settings = [f"strategy={strategy}", "strategy.refine_every=5", *more]
    if strategy == "default":
        settings.append("strategy.grow_gradient=1e-6")
    whole = Fitting(tiny_config(*settings), tiny_capture, CPU)
    losses(whole, 13)
    whole.save(tmp_path / "checkpoint")
    assert whole.scene.count != 20  # it has grown, and is between two changes
    restored = Fitting(tiny_config(*settings, "seed=0"), tiny_capture, CPU)
    restored.restore(tmp_path / "checkpoint")
    assert losses(restored, 20) == losses(whole, 20)
    for name, tensor in whole.scene.raw.items():
        assert torch.equal(tensor, restored.scene.raw[name])


def test_harmonics_come_in_one_degree_after_the_other(tiny_capture, tiny_config):
    fitting = Fitting(tiny_config("sh_degree=2", "sh_interval_fraction=0.1"), tiny_capture, CPU)
    degrees = []
    for _ in range(20):
        fitting.make_step()
        degrees.append(fitting.sh_degree)
    assert degrees == [0] * 5 + [1] * 6 + [2] * 9


def test_rate_of_the_centers_decays(tiny_capture, tiny_config):
    fitting = Fitting(tiny_config(), tiny_capture, CPU)
    rates = []
    for _ in range(31):
        fitting.make_step()
        rates.append(fitting.optimizers["means"].param_groups[0]["lr"])
    assert rates[0] == pytest.approx(2e-3 * fitting.extent)
    assert rates[30] == pytest.approx((2e-3 * 2e-4) ** 0.5 * fitting.extent)  # half-way


def test_says_when_the_loss_is_not_finite(tiny_capture, tiny_config, monkeypatch):
    fitting = Fitting(tiny_config(), tiny_capture, CPU)
    penalty = torch.tensor(float("nan"))
    monkeypatch.setattr(type(fitting.strategy), "penalty", lambda *_: penalty)
    with pytest.raises(RunError, match="the loss became nan at step 1"):
        fitting.make_step()


def test_refuses_a_checkpoint_of_another_degree(tiny_capture, tiny_config, tmp_path):
    Fitting(tiny_config(), tiny_capture, CPU).save(tmp_path / "checkpoint")
    other = Fitting(tiny_config("sh_degree=2"), tiny_capture, CPU)
    with pytest.raises(RunError, match=SceneModel.__name__):
        other.restore(tmp_path / "checkpoint")
