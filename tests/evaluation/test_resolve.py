import subprocess
import sys

import pytest

from gaussrep.config import resolve as resolve_component
from gaussrep.errors import ConfigError, PluginError
from gaussrep.evaluation.resolve import resolve_evaluation_config as resolve


@pytest.fixture
def run_data(looker):
    return resolve_component("datasets", {"type": "plain", "image_size": 20, "samples": 7})


def settings(data):
    return data.type, data.image_size, data.samples, data.held_out


def test_auto_is_the_data_set_of_the_run(run_data):
    assert resolve("knn", run_data).data == run_data
    assert resolve("knn", run_data, {"data": "auto"}).data == run_data
    assert resolve("knn", run_data, None, ["data=auto"]).data == run_data


def test_overrides_lie_on_top_of_the_runs_data_set(run_data):
    config = resolve("knn", run_data, {"k": 3}, ["data.samples=9", "batch_size=5"])
    assert settings(config.data) == ("plain", 20, 9, 24)
    assert (config.type, config.k, config.batch_size) == ("knn", 3, 5)


def test_another_data_set_gets_the_size_and_nothing_else_of_the_run(run_data):
    config = resolve("knn", run_data, None, ["data=colors"])
    assert settings(config.data) == ("colors", 20, 48, 24)
    config = resolve("knn", run_data, None, ["data=colors", "data.image_size=8"])
    assert settings(config.data) == ("colors", 8, 48, 24)
    config = resolve("knn", run_data, {"data": {"type": "colors", "samples": 4}})
    assert settings(config.data) == ("colors", 20, 4, 24)


def test_an_evaluations_own_data_set_keeps_its_settings_but_for_the_size(run_data):
    config = resolve("on-colors", run_data)
    assert settings(config.data) == ("colors", 20, 48, 5)
    config = resolve("on-colors", run_data, None, ["data.held_out=6", "data.image_size=9"])
    assert settings(config.data) == ("colors", 9, 48, 6)


def test_an_evaluations_own_data_set_is_that_of_the_run_where_they_are_the_same(looker):
    data = resolve_component("datasets", {"type": "colors", "image_size": 20, "held_out": 11})
    assert settings(resolve("on-colors", data).data) == ("colors", 20, 48, 11)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("kk=3", "unknown key; did you mean 'k'"),
        ("k=0", "k = 0: expected greater than or equal to 1"),
        ("data.sample=3", "data.sample"),
        ("data=colros", "colors"),
    ],
)
def test_a_mistake_is_named(run_data, override, message):
    with pytest.raises(ConfigError, match=message):
        resolve("knn", run_data, None, [override])


def test_an_evaluation_needs_the_common_settings(run_data):
    with pytest.raises(PluginError, match=r"subclass of gaussrep\.evaluation\.config\.Evaluat"):
        resolve("without-settings", run_data)


@pytest.mark.parametrize("module", ["config", "resolve", "fine_tuning.config"])
def test_importing_it_does_not_import_torch(module):
    program = f"import gaussrep.evaluation.{module}, sys; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
