import pytest

from gaussrep.errors import PluginError, UnavailableError

RECORD = """
@hookimpl
def register_methods():
    yield MethodRecord(name="x", summary="S.", target="code_of_x:X", {})
"""


@pytest.fixture
def component(site):
    def make(code, more=""):
        site.add("plug", RECORD.format(more), modules={"code_of_x": code})
        return site.host().find("methods", "x")

    return make


def test_nothing_is_imported_before_it_is_loaded(component):
    found = component("raise RuntimeError('imported')")
    assert found.missing == ()
    assert str(found) == "method 'x' of plug 1.0"


def test_load_gives_what_the_record_names(component):
    found = component("class X: pass\nclass C: pass\ndef r(): pass", "report='code_of_x:r'")
    assert found.load().__name__ == "X"
    assert found.load_report().__name__ == "r"
    assert found.load_config() is None


def test_unmet_requirements_are_told_with_the_line_to_install_them(component):
    found = component("class X: pass", "requires=('absent-thing>=1.4', 'pytest', 'other-thing')")
    assert found.missing == ("absent-thing>=1.4", "other-thing")
    with pytest.raises(UnavailableError) as caught:
        found.load()
    assert str(caught.value) == (
        "method 'x' of plug 1.0 needs absent-thing>=1.4, other-thing: "
        'pip install "absent-thing>=1.4" other-thing'
    )


@pytest.mark.parametrize(
    ("required", "output"), [("absent-thing", "pip install odd"), ("pytest", "")]
)
def test_a_record_may_give_the_line_itself(component, required, output):
    found = component("class X: pass", f"requires=({required!r},), install='pip install odd'")
    assert found.install == output


def test_settings_can_be_read_where_the_component_cannot_run(component):
    found = component("class C: pass", "config='code_of_x:C', requires=('absent-thing',)")
    assert found.load_config().__name__ == "C"


def test_a_missing_module_is_told_with_a_line_to_install_it(component):
    found = component("import absent_thing.part")
    with pytest.raises(
        UnavailableError, match=r"absent_thing: pip install absent-thing$"
    ) as caught:
        found.load()
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


def test_a_module_of_its_own_that_is_missing_is_a_defect(site):
    site.add("plug", RECORD.format("").replace("code_of_x:X", "plug_plugin.gone:X"))
    with pytest.raises(PluginError, match=r"broken.*plug_plugin\.gone:X"):
        site.host().find("methods", "x").load()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("Y = 1", "AttributeError"),
        ("raise RuntimeError('boom')", "RuntimeError: boom"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("from os import nothing", "ImportError"),
        ("1 +", "SyntaxError"),
    ],
)
def test_a_broken_module_is_an_error_of_the_plugin_with_its_cause(component, code, reason):
    found = component(code)
    with pytest.raises(PluginError, match=f"method 'x' of plug 1.0 is broken.*{reason}") as caught:
        found.load()
    assert not isinstance(caught.value, UnavailableError)
    assert caught.value.__cause__ is not None
