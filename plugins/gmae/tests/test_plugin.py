import subprocess
import sys

from gaussrep import plugins
from gaussrep.config import load_config, preset, presets
from gaussrep.training.config import TrainConfig


def test_found_through_its_entry_point():
    found = plugins.find("methods", "gmae")
    assert found.qualified == "gaussrep-gmae:gmae"
    assert found.load().__name__ == "GMAE"


def test_the_plugin_module_is_light():
    code = (
        "import sys, gaussrep_gmae.plugin;"
        "assert not {'torch', 'timm', 'numpy', 'pydantic'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_preset_is_a_valid_configuration():
    found = plugins.find("methods", "gmae")
    names = presets(found)
    assert {"demo", "tiny", "base"} <= set(names)
    for name in names:
        data = ["data.type=images", "data.root=photos"] if name != "demo" else []
        config = load_config(TrainConfig, preset(found, name), [], data)
        assert config.method.image_size == config.data.size
