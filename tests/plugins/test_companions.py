import pytest

from gaussrep import plugins
from gaussrep.errors import UnknownNameError
from gaussrep.plugins import companions
from gaussrep.plugins.companions import COMPANIONS, missing_companion
from gaussrep.plugins.manager import PluginHost
from gaussrep.plugins.requirements import unmet


@pytest.fixture
def core_alone(monkeypatch):
    """An environment without the other distributions."""
    monkeypatch.setattr(companions, "unmet", tuple)
    return PluginHost(only=[])


@pytest.mark.parametrize("folder", COMPANIONS)
def test_the_table_lists_what_is_registered(folder):
    distribution = f"gaussrep-{folder}"
    if unmet([distribution]):
        pytest.skip(f"{distribution} is not installed")
    found = [each for each in plugins.list() if each.distribution == distribution]
    kinds = {each.kind for each in found}
    assert COMPANIONS[folder] == {
        kind: tuple(each.name for each in found if each.kind == kind) for kind in kinds
    }


@pytest.mark.parametrize("name", ["gmae", "gaussrep-gmae:gmae"])
def test_a_missing_distribution_is_named_with_its_installation(core_alone, name):
    with pytest.raises(UnknownNameError) as caught:
        core_alone.find("methods", name)
    assert str(caught.value) == (
        f"There is no method {name!r} here; it is in gaussrep-gmae, which is not installed; "
        "`pip install -e plugins/gmae` in a clone of gaussrep installs it."
    )


@pytest.mark.usefixtures("core_alone")
def test_only_its_own_names_are_explained():
    assert "plugins/pytorch3d" in missing_companion(None, "pulsar")
    assert missing_companion("encoders", "gmae") == ""
    assert missing_companion("methods", "other:gmae") == ""
    assert missing_companion(None, "make-rooms") == ""


def test_an_installed_distribution_is_not_missing(monkeypatch):
    monkeypatch.setattr(companions, "unmet", lambda requires: ())
    assert missing_companion("methods", "gmae") == ""
