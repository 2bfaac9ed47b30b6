"""Strategies and capture formats of a plugin work with one hook each."""

import pytest

from gaussrep.config import load_config
from gaussrep.errors import ConfigError, DataError
from gaussrep.fitting import CaptureConfig, FitConfig
from gaussrep.fitting.capture import open_capture

PLUGIN = """
    @hookimpl
    def register_strategies():
        yield StrategyRecord(name="prune", summary="Prunes.", target="toy_parts:Prune")

    @hookimpl
    def register_captures():
        yield CaptureRecord(
            name="toy",
            summary="Eight views.",
            target="toy_parts:read",
            config="gaussrep.fitting.capture_config:CaptureConfig",
            markers=("toy.txt", "transforms.*"),
            prefix="toy:",
        )
"""
PARTS = """
    import torch

    from gaussrep.fitting import Strategy, update_params_and_optimizer_state
    from gaussrep.fitting.synthetic import synthetic_capture


    class Prune(Strategy):
        def __init__(self, *, steps, extent):
            super().__init__()

        def after_step(self, scene, optimizers, info):
            if info.step == 2:
                kept = torch.arange(25)
                update_params_and_optimizer_state(scene, optimizers, kept)


    def read(config, path):
        return synthetic_capture(config.hold_out_every, views=8, size=16)
"""


@pytest.fixture
def toy(site):
    site.add("toy", PLUGIN, modules={"toy_parts": PARTS})
    return site


def test_a_format_is_found_by_its_prefix_and_by_its_marker(toy, tmp_path):
    assert open_capture(CaptureConfig(path="toy:any", hold_out_every=4)).train.count == 6
    (tmp_path / "toy.txt").touch()
    config = load_config(FitConfig, None, [], [f"data.path={tmp_path}", "strategy=prune"])
    assert config.data.type == "toy"
    assert open_capture(config.data).held_out is None


def test_a_folder_of_two_formats_needs_a_type(toy, tmp_path):
    (tmp_path / "transforms.json").touch()
    path = f"data.path={tmp_path}"
    with pytest.raises(ConfigError, match=r"toy, transforms; choose one with data\.type"):
        load_config(FitConfig, None, [], [path])
    assert load_config(FitConfig, None, [], [path, "data.type=toy"]).data.type == "toy"


def test_an_unknown_path_names_the_formats(toy):
    with pytest.raises(DataError, match="formats colmap, recording, synthetic, toy, transforms"):
        open_capture(CaptureConfig(path="nowhere"))


def test_a_fit_uses_them(toy, tmp_path):
    run = tmp_path / "run"
    done = toy.run(
        "fit", "toy:any", "steps=3", "init.count=30", "strategy=prune", "sh_degree=0", "--run", run
    )
    assert done.returncode == 0, done.stderr
    assert "25 Gaussians after 3 steps" in done.stdout
