import pytest

from gaussrep.errors import UnknownNameError
from gaussrep.plugins import builtin
from gaussrep.plugins.hookspecs import hookimpl
from gaussrep.plugins.manager import PluginHost

LOSS = """
@hookimpl
def register_losses():
    yield LossRecord(name="{0}", summary="S.", target="{0}_code:Loss")
"""
CORE_LOSSES = sorted(record.name for record in builtin.register_losses())


def loss(name):
    return LOSS.format(name)


def names(host, kind="losses"):
    return [component.name for component in host.components(kind)]


def only_failure(host):
    (failure,) = host.failures
    return failure


def test_the_core_registers_without_any_plugin(site):
    host = site.host()
    assert names(host, "renderers") == ["cpu", "gsplat", "reference", "triton"]
    assert names(host) == CORE_LOSSES
    assert {component.distribution for component in host.components()} == {"gaussrep"}
    assert host.failures == []


def test_a_plugin_is_found_through_its_entry_point(site):
    site.add("gaussrep-huber", loss("huber"), version="2.1")
    found = site.host().find("losses", "huber")
    assert (found.qualified, found.version) == ("gaussrep-huber:huber", "2.1")


@pytest.mark.parametrize("raised", ["RuntimeError('boom')", "SystemExit(3)", "ImportError('boom')"])
def test_a_plugin_that_raises_on_import_costs_only_itself(site, raised):
    site.add("broken", f"raise {raised}")
    site.add("huber", loss("huber"))
    host = site.host()
    assert names(host) == sorted(["huber", *CORE_LOSSES])
    failure = only_failure(host)
    assert (failure.distribution, failure.version, failure.phase) == ("broken", "1.0", "import")
    assert failure.error.startswith(f"import failed: {raised.partition('(')[0]}: ")
    assert f"raise {raised}" in failure.traceback


def test_ctrl_c_while_a_plugin_is_imported_is_no_failure_of_the_plugin(site):
    site.add("slow", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        site.host()


def test_a_misspelled_hook_is_reported_with_the_nearest_and_the_others_work(site):
    site.add("typo", loss("huber") + "@hookimpl\ndef register_method():\n    return []")
    host = site.host()
    assert "huber" in names(host)
    failure = only_failure(host)
    assert failure.phase == "hook"
    assert "no hook 'register_method'; did you mean 'register_methods'" in failure.error


def test_a_hook_with_an_argument_that_does_not_exist_leaves_nothing_behind(site):
    wrong = "@hookimpl\ndef register_methods(wrong):\n    return []"
    site.add("argument", loss("huber") + wrong)
    host = site.host()
    assert "huber" not in names(host)
    assert "wrong" in only_failure(host).error
    assert "\n" not in str(only_failure(host))


def test_a_plugin_without_a_marked_function_is_told_about_hookimpl(site):
    site.add("unmarked", "def register_losses():\n    return []")
    assert "gaussrep.plugins.hookimpl" in only_failure(site.host()).error


def test_one_hook_that_raises_does_not_hide_what_others_give(site):
    site.add("first", loss("a"))
    site.add("second", loss("b") + "    raise ValueError('no\\nmore')")
    site.add("third", loss("c"))
    host = site.host()
    assert names(host) == sorted(["a", "b", "c", *CORE_LOSSES])
    failure = only_failure(host)
    assert (failure.distribution, failure.phase) == ("second", "call")
    assert failure.error == "register_losses failed: ValueError: no more"


@pytest.mark.parametrize("body", ["return None", "return []"])
def test_a_hook_may_give_nothing(site, body):
    site.add("empty", f"@hookimpl\ndef register_losses():\n    {body}")
    host = site.host()
    assert host.failures == []


def test_a_record_instead_of_several_is_a_failure(site):
    site.add("single", loss("a").replace("yield", "return"))
    assert "TypeError" in only_failure(site.host()).error


def test_a_refused_record_does_not_cost_its_neighbors(site):
    bad = '    yield LossRecord(name="B A D", summary="S.", target="code:Loss")\n'
    good = '    yield LossRecord(name="good", summary="S.", target="code:Loss")\n'
    site.add("mixed", loss("a") + bad + good)
    host = site.host()
    assert names(host) == sorted(["a", "good", *CORE_LOSSES])
    failure = only_failure(host)
    assert failure.phase == "record"
    assert "'B A D'" in failure.error
    assert failure.traceback == ""


def test_one_distribution_cannot_register_a_name_twice(site):
    site.add("twice", loss("a") + '    yield LossRecord(name="a", summary="S.", target="x:Y")')
    host = site.host()
    assert names(host) == sorted(["a", *CORE_LOSSES])
    assert "loss 'a' of twice 1.0 is registered twice" in only_failure(host).error


def test_the_cores_own_failure_is_raised(monkeypatch):
    @hookimpl
    def register_losses():
        raise RuntimeError("boom")

    monkeypatch.setattr(builtin, "register_losses", register_losses)
    with pytest.raises(RuntimeError, match="boom"):
        PluginHost(only=[])


def test_plugins_are_chosen_by_entry_point_or_distribution(site):
    site.add("gaussrep-a", loss("a"), entry_points="[gaussrep]\nshort = gaussrep_a_plugin\n")
    site.add("gaussrep-b", loss("b"))
    assert names(PluginHost(only=["short"])) == sorted(["a", *CORE_LOSSES])
    assert names(PluginHost(only=["Gaussrep_A"])) == sorted(["a", *CORE_LOSSES])
    assert names(PluginHost(only=[])) == CORE_LOSSES


def test_choosing_a_plugin_that_is_not_installed_is_reported(site):
    site.add("huber", loss("huber"))
    failure = only_failure(PluginHost(only=["hubr"]))
    assert failure.phase == "select"
    assert str(failure) == (
        "plugin hubr: GAUSSREP_PLUGINS names a plugin that is not installed; did you mean 'huber'?"
    )


def test_components_come_in_one_order_whatever_the_disk_says(site):
    for name in ("zeta", "alpha", "mid"):
        site.add(name, loss("same"))
    found = [c.distribution for c in site.host().components("losses") if c.name == "same"]
    assert found == ["alpha", "mid", "zeta"]


def test_an_unknown_kind_is_an_error(site):
    with pytest.raises(UnknownNameError, match="did you mean 'renderers'"):
        site.host().components("renderer")


def test_an_unknown_name_mentions_plugins_that_did_not_load(site):
    site.add("broken", "raise RuntimeError")
    with pytest.raises(UnknownNameError, match="gaussrep doctor"):
        site.host().find("losses", "huber")
