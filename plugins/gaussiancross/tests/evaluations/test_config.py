import subprocess
import sys

import pytest

from gaussrep import plugins
from gaussrep.config import resolve
from gaussrep.config.presets import presets
from gaussrep.errors import CapabilityError
from gaussrep.evaluation.resolve import resolve_evaluation_config

NAMES = ("semantic-probe", "semantic-fine-tune", "instance-fine-tune")


@pytest.mark.parametrize("name", NAMES)
def test_registered(name):
    found = plugins.find("evaluations", name)
    assert found.qualified == f"gaussrep-gaussiancross:{name}"
    assert found.load_config().__module__ == "gaussrep_gaussiancross.evaluations.config"
    assert found.load().__module__.startswith("gaussrep_gaussiancross.evaluations.")
    assert found.load().online == (name == "semantic-probe")


def test_settings_never_import_torch():
    code = (
        "import sys\n"
        "from gaussrep import plugins\n"
        "from gaussrep.config import resolve\n"
        f"for name in {NAMES}: resolve('evaluations', name)\n"
        "for name in ('point-segmenter', 'point-group'):\n"
        "    plugins.find('methods', name).load_config()\n"
        "assert not {'torch', 'numpy', 'scipy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", NAMES)
def test_the_released_recipe_lies_between_the_data_of_the_run_and_overrides(name, tmp_path):
    assert presets(plugins.find("evaluations", name)).keys() == {"released"}
    off = {"color_jitter": {"probability": 0}, "flip": {"probability": 0}}
    run_data = {"type": "scannet", "root": str(tmp_path), "views": 3, "fraction": 0.5}
    data = resolve("datasets", {**run_data, "augment": off})
    config = resolve_evaluation_config(
        name, data, None, ["steps=7", "data.augment.flip.probability=0.25"], "released"
    )
    assert (config.steps, config.data.views, config.data.fraction) == (7, 0, 0.5)
    assert config.data.mix3d == (0 if name.startswith("instance") else 0.8)
    augment = config.data.augment
    assert (augment.color_jitter.probability, augment.flip.probability) == (0.95, 0.25)
    assert augment.elastic.probability == 0.95
    assert config.batch_size == (12 if name.startswith("instance") else 32)


@pytest.mark.parametrize("name", NAMES)
def test_other_methods_are_refused(name, evaluate, make_feeler):
    with pytest.raises(CapabilityError, match="Numb does not encode points"):
        evaluate(name, make_feeler("numb"))
