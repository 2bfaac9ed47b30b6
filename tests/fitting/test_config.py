import subprocess
import sys

import pytest

from gaussrep.config import load_config
from gaussrep.config.load import dump_yaml
from gaussrep.config.preflight import preflight
from gaussrep.errors import ConfigError, FormatError
from gaussrep.fitting.config import FitConfig

BALLS = {"data": {"path": "synthetic:balls"}}


def test_never_imports_torch():
    modules = "gaussrep.fitting.config, gaussrep.fitting, gaussrep.cli"
    program = f"import sys, {modules}.fit; assert not {{'torch', 'scipy'}} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("strategy", ["mcmc", "default"])
def test_survives_a_file(tmp_path, strategy):
    config = load_config(FitConfig, BALLS, [], [f"strategy={strategy}"])
    (tmp_path / "config.yaml").write_text(dump_yaml(config), encoding="utf-8")
    assert load_config(FitConfig, None, [tmp_path / "config.yaml"]) == config


def test_refuses_an_unknown_strategy():
    with pytest.raises(ConfigError, match="strategy"):
        load_config(FitConfig, BALLS, [], ["strategy=magic"])


@pytest.fixture
def scene_file(tmp_path):
    path = tmp_path / "scene.ply"
    path.touch()
    return path


@pytest.mark.parametrize(
    "overrides",
    [
        ["init={path}", "init.min_opacity=0.1"],
        ["init.min_opacity=0.1", "init={path}"],
        ["init.path={path}", "init.min_opacity=0.1", "init.type=file"],
    ],
)
def test_a_file_name_is_short_for_a_start_from_it(scene_file, overrides):
    overrides = [override.format(path=scene_file) for override in overrides]
    init = load_config(FitConfig, BALLS, [], overrides).init
    assert (init.type, init.path, init.min_opacity) == ("file", scene_file, 0.1)


def test_a_file_name_in_a_lower_layer_survives(scene_file):
    settings = {**BALLS, "init": str(scene_file)}
    init = load_config(FitConfig, settings, [], ["init.min_opacity=0.1"]).init
    assert (init.path, init.min_opacity) == (scene_file, 0.1)
    other = scene_file.with_name("other.ply")
    assert load_config(FitConfig, settings, [], [f"init={other}"]).init.path == other


def test_a_start_from_a_file_survives_a_file(tmp_path, scene_file):
    config = load_config(FitConfig, BALLS, [], [f"init={scene_file}"])
    (tmp_path / "config.yaml").write_text(dump_yaml(config), encoding="utf-8")
    assert load_config(FitConfig, None, [tmp_path / "config.yaml"]) == config


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["init.type=file"], "no file is given"),
        (["init.type=random", "init.path=scene.ply"], "type is random, but a file is given"),
        (["init=balls"], "init.type"),
        (["start=scene.ply"], "renamed to init"),
    ],
)
def test_refuses_contradictory_starts(overrides, message):
    with pytest.raises(ConfigError, match=message):
        load_config(FitConfig, BALLS, [], overrides)


def test_a_file_to_start_from_is_checked_before_anything_is_loaded(tmp_path, scene_file):
    preflight(load_config(FitConfig, BALLS, [], [f"init={scene_file}"]))
    missing, text = tmp_path / "missing.ply", tmp_path / "notes.txt"
    with pytest.raises(ConfigError, match=r"there is no file .*missing\.ply"):
        preflight(load_config(FitConfig, BALLS, [], [f"init={missing}"]))
    text.touch()
    with pytest.raises(FormatError, match="no format reads this suffix"):
        preflight(load_config(FitConfig, BALLS, [], [f"init={text}"]))


def test_all_harmonics_of_a_file_are_used_from_the_first_step(scene_file):
    config = load_config(FitConfig, BALLS, [], [f"init={scene_file}"])
    assert config.sh_degree_at(0, 1000) == 3
    assert load_config(FitConfig, BALLS).sh_degree_at(0, 1000) == 0
