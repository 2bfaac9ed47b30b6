import pytest

from gaussrep.config.components import config_class
from gaussrep.plugins.manager import PluginHost

CORE = PluginHost(only=[]).components()


@pytest.mark.parametrize("component", CORE, ids=str)
def test_the_core_can_be_loaded(component):
    if component.missing:  # tests/release holds what is installed to what the core needs
        pytest.skip(f"{component} {component.unavailable_reason}")
    assert callable(component.load())
    assert config_class(component.kind, component.qualified).model_config["frozen"]


def test_the_core_registers_what_it_promises():
    names = {f"{component.kind}/{component.name}" for component in CORE}
    assert names >= {
        "renderers/reference",
        "losses/mse",
        "losses/l1",
        "datasets/images",
        "datasets/photos",
        "formats/ply",
    }
