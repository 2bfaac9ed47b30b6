import subprocess
import sys

import pytest
import torch

from gaussrep import plugins
from gaussrep.building import build
from gaussrep.config import load_config, resolve
from gaussrep.config.presets import preset, presets
from gaussrep.errors import ConfigError
from gaussrep.training.config import TrainConfig

NAMES = {"demo", "small", "base", "paper"}


def test_found_through_its_entry_point():
    found = plugins.find("methods", "gaussiancross")
    assert found.qualified == "gaussrep-gaussiancross:gaussiancross"
    assert found.load().__name__ == "GaussianCross"


@pytest.mark.parametrize("module", ["plugin", "config", "backbones.config", "evaluations.config"])
def test_plugin_and_settings_are_light(module):
    heavy = {"torch", "numpy", "numba"} | ({"pydantic"} if module == "plugin" else set())
    code = f"import sys, gaussrep_gaussiancross.{module}; assert not {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def configured(name, *overrides):
    found = plugins.find("methods", "gaussiancross")
    return load_config(TrainConfig, preset(found, name), [], ["data.root=rooms", *overrides])


def test_every_preset_is_a_valid_configuration():
    assert set(presets(plugins.find("methods", "gaussiancross"))) == NAMES
    for name in NAMES:
        config = configured(name)
        assert config.data.views > 0
        colors = config.data.augment
        assert colors.contrast.probability == colors.color_jitter.probability == 0


def test_the_published_recipe_is_the_same_step_at_any_size(make_batch):
    config = configured(
        "paper", "method.teacher.type=statistics", "method.backbone.size=tiny",
        "method.anchors=[8,8,4]", "method.dense.widths=[8,16]", "method.dense.out_channels=16",
        "method.grid_size=0.1",
    )  # fmt: skip
    torch.manual_seed(0)
    method = build("methods", config.method)
    output = method.training_loss(make_batch(views=3))
    output.loss.backward()
    assert output.loss.isfinite()


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("gaussiancross", {"least_kept": 3}, "least_kept was renamed to min_gaussians"),
        ("gaussiancross", {"dense": {"out": 8}}, "out was renamed to .*out_channels"),
        ("point-group", {"body": "gaussiancross", "classes": 2}, "body was renamed to base_method"),
    ],
)
def test_old_keys_name_their_new_ones(name, settings, message):
    with pytest.raises(ConfigError, match=message):
        resolve("methods", {"type": name, **settings})
