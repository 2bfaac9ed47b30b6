import logging

import pytest

from gaussrep import plugins
from gaussrep.building import build
from gaussrep.errors import AmbiguousNameError, ConfigError, PluginError, UnknownNameError
from gaussrep.plugins import registry

CODE = {
    "code_of_blur": """
    from gaussrep.config import ComponentConfig

    class Config(ComponentConfig):
        width: int = 3

    class Blur:
        def __init__(self, config, split="train"):
            self.config, self.split = config, split

    class Plain:
        pass
    """
}
PLUGIN = """
@hookimpl
def register_losses():
    yield LossRecord(
        name="blur", summary="S.", target="code_of_blur:Blur", config="code_of_blur:Config"
    )
    yield LossRecord(name="plain", summary="S.", target="code_of_blur:Plain")
"""


@pytest.fixture
def blur(site, monkeypatch):
    site.add("blur", PLUGIN, modules=CODE)
    monkeypatch.setenv("GAUSSREP_PLUGINS", "blur")


@pytest.mark.usefixtures("blur")
@pytest.mark.parametrize("name", ["blur", "blur:blur"])
def test_build_from_a_name_takes_the_defaults(name):
    built = build("losses", name)
    assert (built.config.type, built.config.width) == (name, 3)


@pytest.mark.usefixtures("blur")
def test_build_from_settings_or_an_instance():
    built = build("losses", {"type": "blur", "width": 5}, split="val")
    assert (built.config.width, built.split) == (5, "val")
    assert build("losses", built.config).config is built.config


@pytest.mark.usefixtures("blur")
def test_build_without_settings():
    assert type(build("losses", "plain")) is plugins.find("losses", "plain").load()
    with pytest.raises(ConfigError, match="width = 3: unknown key"):
        build("losses", {"type": "plain", "width": 3})


@pytest.mark.usefixtures("blur")
def test_build_explains_wrong_settings():
    with pytest.raises(ConfigError, match=r"^wdth = 5: unknown key; did you mean 'width'\?$"):
        build("losses", {"type": "blur", "wdth": 5})
    with pytest.raises(ConfigError, match="expected one of the losses by its type"):
        build("losses", {"width": 5})
    with pytest.raises(UnknownNameError, match="did you mean 'blur'"):
        build("losses", "blurr")


@pytest.mark.usefixtures("blur")
def test_build_refuses_the_settings_of_another_component():
    config = build("losses", "blur").config.model_copy(update={"type": "plain"})
    build("losses", config)  # plain takes any ComponentConfig
    from gaussrep.rendering.config import ReferenceConfig

    with pytest.raises(PluginError, match="configured by Config, got a ReferenceConfig"):
        build("losses", ReferenceConfig(type="blur"))


def test_the_variable_chooses_plugins(site, monkeypatch):
    site.add("blur", PLUGIN, modules=CODE)
    for chosen, known in {"blur": True, " blur ,": True, "": False}.items():
        monkeypatch.setenv("GAUSSREP_PLUGINS", chosen)
        registry.reset()
        assert ("blur" in [c.name for c in plugins.list("losses")]) is known
        assert "mse" in [c.name for c in plugins.list("losses")]


def test_each_failure_is_warned_about_once_in_one_line(site, monkeypatch, caplog):
    site.add("broken", "raise RuntimeError('first\\nsecond')")
    monkeypatch.setenv("GAUSSREP_PLUGINS", "broken")
    with caplog.at_level(logging.WARNING, logger="gaussrep"):
        plugins.list()
        plugins.list()
        assert len(plugins.failures()) == 1
    assert [record.getMessage() for record in caplog.records] == [
        "plugin broken 1.0: import failed: RuntimeError: first second "
        "(`gaussrep doctor` shows the traceback)"
    ]


def test_two_plugins_with_one_name(site, monkeypatch):
    site.add("blur", PLUGIN, modules=CODE)
    site.add("mist", PLUGIN)
    monkeypatch.setenv("GAUSSREP_PLUGINS", "blur,mist")
    with pytest.raises(AmbiguousNameError, match=r"'blur:blur' or 'mist:blur'"):
        build("losses", "blur")
    assert build("losses", "mist:blur").config.type == "mist:blur"
    assert [failure.is_defect for failure in plugins.failures()] == [False, False]


def test_a_listing_can_be_changed_without_harm():
    plugins.list().clear()
    plugins.failures().append("x")
    assert plugins.list()
    assert "x" not in plugins.failures()
