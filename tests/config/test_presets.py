import pytest

from gaussrep.config.presets import preset, presets
from gaussrep.errors import ConfigError, PluginError

PLUGIN = """
@hookimpl
def register_methods():
    yield MethodRecord(name="x", summary="S.", target="a:B", presets={!r})
"""


@pytest.fixture
def method(site):
    def make(files, package="presets_of_x"):
        site.add("plug", PLUGIN.format(package))
        folder = site.folder / "presets_of_x"
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_text(text)
        return site.host().find("methods", "x")

    return make


def test_presets_are_the_yaml_files_of_a_package(method):
    found = method({"__init__.py": "", "small.yaml": "a: 1", "big.yaml": "a: 2", "x.txt": "-"})
    assert list(presets(found).items()) == [("big", {"a": 2}), ("small", {"a": 1})]
    assert preset(found, "small") == {"a": 1}


def test_an_unknown_preset_gives_the_nearest(method):
    found = method({"small.yaml": "a: 1"})
    with pytest.raises(ConfigError) as caught:
        preset(found, "smal")
    assert (
        str(caught.value)
        == "The method 'x' of plug 1.0 has no preset 'smal'; did you mean 'small'?"
    )


def test_a_method_may_have_none(method):
    found = method({}, package=None)
    assert presets(found) == {}
    with pytest.raises(ConfigError, match="there is none"):
        preset(found, "small")


def test_a_broken_preset_is_named_with_its_line(method):
    found = method({"small.yaml": "a: 1\nb: [\n"})
    with pytest.raises(ConfigError, match=r"presets_of_x/small\.yaml, line 3"):
        presets(found)


@pytest.mark.parametrize("package", ["nothing_here", "plug_plugin.none"])
def test_a_missing_package_is_a_defect_of_the_plugin(method, package):
    with pytest.raises(PluginError, match=f"broken: its presets {package}"):
        presets(method({}, package=package))
