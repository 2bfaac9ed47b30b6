from pathlib import Path

import pytest
import torch

from gaussrep import Cameras, sh
from gaussrep.errors import ConfigError, DataError
from gaussrep.fitting import BaseFitConfig, SceneFitter
from gaussrep.fitting.calibration import Calibration
from gaussrep.fitting.config import LearningRatesConfig
from gaussrep.fitting.scene_model import SceneModel, make_optimizers, placeholder_gaussians
from gaussrep_nerfstudio.fit_config import encoder_config, scene_config
from gaussrep_nerfstudio.initialization import place_gaussians
from gaussrep_nerfstudio.model_config import GaussrepModelConfig
from gaussrep_nerfstudio.trainer_config import trainer_config

EYES = Cameras.look_at(
    torch.tensor([[3.0, 0, 0], [0, 3, 0]]), torch.zeros(3), torch.tensor([0.0, 0, 1]), 8, 6
)


def first(**settings):
    model = GaussrepModelConfig(**settings)
    points = (torch.rand(50, 3), torch.full((50, 3), 255, dtype=torch.uint8))
    channels = None if model.encoder is None else model.feature_channels
    fitter = SceneFitter(scene_config(model), 0, EYES, channels)
    place_gaussians(fitter, model, EYES, points, None)
    return fitter.scene.gaussians().detach()


def test_defaults_are_those_of_a_fit():
    assert scene_config(GaussrepModelConfig()) == BaseFitConfig(loss="l1-ssim")


def test_optimizers_are_those_of_a_fit():
    groups = trainer_config("gaussrep").optimizers
    scene = SceneModel(placeholder_gaussians(16))
    for name, wanted in make_optimizers(scene, LearningRatesConfig(), extent=1.0).items():
        made = groups[name]["optimizer"].setup(params=[scene.raw[name]])
        assert type(wanted).__base__ is type(made)
        assert made.defaults == wanted.defaults


def test_flags_and_settings_reach_the_fit():
    model = GaussrepModelConfig(
        strategy="mcmc",
        max_gaussians=300,
        depth_weight=0.5,
        background="random",
        settings=("strategy.refine_every=7", "sh_interval_fraction=0.5", "loss.ssim_weight=0.3"),
    )
    fit = scene_config(model)
    assert (fit.strategy.type, fit.strategy.max_gaussians) == ("mcmc", 300)
    assert fit.strategy.refine_every == 7
    assert (fit.depth_weight, fit.loss.ssim_weight, fit.sh_interval_fraction) == (0.5, 0.3, 0.5)
    assert fit.random_background


def test_mistakes_are_said():
    with pytest.raises(ConfigError, match=r"settings holds learning_rates\.quats=1; expected"):
        scene_config(GaussrepModelConfig(settings=("learning_rates.quats=1",)))
    with pytest.raises(ConfigError, match=r"strategy.evry"):
        scene_config(GaussrepModelConfig(settings=("strategy.evry=1",)))


def test_encoder_settings():
    model = GaussrepModelConfig(encoder="statistics", encoder_settings=("width=8",))
    assert encoder_config(model).width == 8


def test_points_are_taken_where_there_are_any():
    at_points = first(init_count=20)
    assert at_points.count == 20
    assert at_points.features is None
    assert torch.equal(at_points.sh[:, :1], sh.from_rgb(torch.ones(20, 3)))
    spread = first(init="random", init_count=30, encoder="statistics", feature_channels=5)
    assert spread.count == 30
    assert spread.features.shape == (30, 5)


def test_a_run_wants_a_folder_and_a_cloud():
    with pytest.raises(ConfigError, match="no run is named"):
        first(init="run")
    with pytest.raises(DataError, match="data parser gaussrep-rgbd"):
        first(init="run", init_run=Path("run"))


def test_a_calibration_has_gradients_with_the_numpy_of_nerfstudio():
    """NumPy 1.26, which nerfstudio pins, has no `mT`: matrices of two views of 10 units."""
    calibration = Calibration(10.0)
    cameras = Cameras(torch.eye(4).repeat(2, 1, 1), torch.eye(3).repeat(2, 1, 1), 8, 8)
    calibration(cameras).viewmats[:, :3, 3].sum().backward()
    assert calibration.offset.grad is not None
    assert calibration.offset.grad.tolist() == [20, 20, 20]
