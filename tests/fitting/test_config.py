import subprocess
import sys

import pytest

from gaussrep.config import dump_yaml, load_config
from gaussrep.errors import ConfigError
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
