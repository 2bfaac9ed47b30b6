from pathlib import Path

import pytest
import torch

from gaussrep.cameras import Cameras
from gaussrep.errors import ConfigError, DataError
from gaussrep.fitting.config import CaptureConfig, FitConfig, RatesConfig
from gaussrep.fitting.rates import make_optimizers
from gaussrep.fitting.scene_model import SceneModel
from gaussrep_nerfstudio.first import begin, nothing
from gaussrep_nerfstudio.fit_config import encoder_config, fit_config
from gaussrep_nerfstudio.model_config import GaussrepModelConfig
from gaussrep_nerfstudio.trainer_config import trainer_config

EYES = Cameras.look_at(
    torch.tensor([[3.0, 0, 0], [0, 3, 0]]), torch.zeros(3), torch.tensor([0.0, 0, 1]), 8, 6
)


def first(**settings):
    model = GaussrepModelConfig(**settings)
    points = (torch.rand(50, 3), torch.full((50, 3), 255, dtype=torch.uint8))
    return begin(model, fit_config(model), EYES, points, None)


def test_defaults_are_those_of_a_fit():
    assert fit_config(GaussrepModelConfig()) == FitConfig(data=CaptureConfig(path=""))


def test_optimizers_are_those_of_a_fit():
    groups = trainer_config("gaussrep").optimizers
    scene = SceneModel(nothing(GaussrepModelConfig(encoder="statistics")))
    for name, wanted in make_optimizers(scene, RatesConfig(), extent=1.0).items():
        made = groups[name]["optimizer"].setup(params=[scene.raw[name]])
        assert type(made) is type(wanted)
        assert made.defaults == wanted.defaults


def test_flags_and_settings_reach_the_fit():
    model = GaussrepModelConfig(
        strategy="mcmc",
        most=300,
        depth_weight=0.5,
        background="random",
        settings=("strategy.every=7", "sh_share=0.5", "loss.ssim=0.3"),
    )
    fit = fit_config(model)
    assert (fit.strategy.type, fit.strategy.most, fit.strategy.every) == ("mcmc", 300, 7)
    assert (fit.loss.depth, fit.loss.ssim, fit.sh_share) == (0.5, 0.3, 0.5)
    assert fit.random_background


def test_mistakes_are_said():
    with pytest.raises(ConfigError, match=r"settings holds rates.quats=1; wanted one that begins"):
        fit_config(GaussrepModelConfig(settings=("rates.quats=1",)))
    with pytest.raises(ConfigError, match=r"strategy.evry"):
        fit_config(GaussrepModelConfig(settings=("strategy.evry=1",)))


def test_encoder_settings():
    model = GaussrepModelConfig(encoder="statistics", encoder_settings=("width=8",))
    assert encoder_config(model).width == 8


def test_points_are_taken_where_there_are_any():
    at_points = first(start_count=20)
    assert at_points.count == 20
    assert at_points.features is None
    assert (at_points.colors == 1).all()
    spread = first(start="random", start_count=30, encoder="statistics", feature_channels=5)
    assert spread.count == 30
    assert spread.features.shape == (30, 5)


def test_a_run_wants_a_folder_and_a_cloud():
    with pytest.raises(ConfigError, match="no run is named"):
        first(start="run")
    with pytest.raises(DataError, match="data parser gaussrep-rgbd"):
        first(start="run", start_run=Path("run"))
