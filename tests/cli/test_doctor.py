import re
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from gaussrep import plugins
from gaussrep.cli import diagnostics
from gaussrep.cli.diagnostics import Check, check_component, check_library, check_torchvision
from gaussrep.cli.main import app
from gaussrep.rendering import dispatch

METHOD = """
@hookimpl
def register_methods():
    yield MethodRecord(name="x", summary="S.", target="code_of_x:X", {})
"""
CODE = {
    "code_of_x": """
    from gaussrep.config import ComponentConfig
    class X: pass
    class Settings(ComponentConfig): pass
    def report(): pass
    """
}


@pytest.fixture
def doctor(site, monkeypatch):
    """Run the doctor in this process."""
    monkeypatch.setenv("GAUSSREP_PLUGINS", "plug")

    def run(plugin, modules=None):
        site.add("plug", plugin, modules=modules)
        return CliRunner().invoke(app, ["doctor"])

    return run


def test_everything_is_imported_and_versions_are_shown(doctor):
    more = "config='code_of_x:Settings', report='code_of_x:report'"
    result = doctor(METHOD.format(more), CODE)
    assert result.exit_code == 0
    rows = dict(line.split(maxsplit=1) for line in result.stdout.split("\n\n")[0].splitlines())
    assert {
        "gaussrep",
        "python",
        "torch",
        "device",
        "numpy",
        "numba",
        "triton",
        "kernels",
    } <= rows.keys()
    assert rows["gaussrep"] == "0.1.0"
    assert re.search(r"^method 'x' of plug 1\.0 +ok", result.stdout, re.MULTILINE)
    assert "Traceback" not in result.stdout


def test_what_is_only_missing_breaks_nothing(doctor):
    result = doctor(METHOD.format("requires=('absent-thing>=2',)"))
    assert result.exit_code == 0
    assert 'unavailable  pip install "absent-thing>=2"' in result.stdout


@pytest.mark.parametrize(
    ("more", "code", "shown"),
    [
        ("", {"code_of_x": "raise RuntimeError('boom')"}, "RuntimeError: boom"),
        ("", {}, "No module named 'code_of_x'"),
        ("", {"code_of_x": "import absent_thing\nclass X: pass"}, "pip install absent-thing"),
        ("config='code_of_x:X'", CODE, "subclass of gaussrep.config.ComponentConfig"),
        ("config='code_of_x:Y'", CODE, "has no attribute 'Y'"),
        ("report='code_of_x:Y'", CODE, "has no attribute 'Y'"),
        ("presets='no_such_package'", CODE, "No module named 'no_such_package'"),
    ],
)
def test_what_is_broken_is_shown_with_its_traceback(doctor, more, code, shown):
    result = doctor(METHOD.format(more), code)
    assert result.exit_code == 1
    assert re.search(r"^method 'x' of plug 1\.0 +failed", result.stdout, re.MULTILINE)
    assert "Traceback (most recent call last)" in result.stdout
    assert shown in result.stdout


def test_plugins_that_cannot_be_loaded_are_shown_with_their_traceback(site):
    site.add("broken", "raise RuntimeError('boom')")
    site.add("typo", "@hookimpl\ndef register_method():\n    return []")
    ran = site.run("doctor")
    assert ran.returncode == 1
    assert "boom" not in ran.stderr
    assert ran.stdout.count("plugin broken 1.0: import failed: RuntimeError: boom") == 1
    assert "raise RuntimeError('boom')" in ran.stdout
    assert "did you mean 'register_methods'?" in ran.stdout


def test_a_shared_name_breaks_nothing(site, monkeypatch):
    for name in ("one", "two"):
        site.add(name, METHOD.format(""), modules=CODE)
    monkeypatch.setenv("GAUSSREP_PLUGINS", "one,two")
    result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == 0
    assert "write 'two:x' or 'one:x'" in result.stdout


def test_a_broken_library_is_shown(monkeypatch):
    broken = Check("torch", "failed", "OSError: no library", "Traceback of torch")
    monkeypatch.setattr(diagnostics, "check_library", lambda name, optional=False: broken)
    monkeypatch.setattr(plugins, "list", lambda kind=None: [])
    result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == 1
    assert "unknown without torch" in result.stdout
    assert "Traceback of torch" in result.stdout


def test_a_library_is_examined(site):
    site.add("lib", modules={"broken_lib": "raise OSError('no\\nlibrary')"})
    assert check_library("pytest") == Check("pytest", "ok", pytest.__version__)
    found = check_library("broken_lib")
    assert (found.status, found.remark) == ("failed", "OSError: no library")
    assert "Traceback" in found.traceback
    assert check_library("absent_lib", optional=True).status == "unavailable"


def test_what_is_there_and_broken_is_not_called_missing(site):
    site.add("lib", modules={"broken_lib": "import absent_lib"})
    assert check_library("broken_lib", optional=True).status == "failed"


def test_a_torchvision_that_cannot_be_imported_is_shown_with_the_cure(site):
    site.add("one", modules={"torchvision": "raise RuntimeError('no operator nms')"})
    ran = site.run("doctor")
    assert ran.returncode == 1
    (row,) = (line for line in ran.stdout.splitlines() if line.startswith("torchvision  "))
    assert "RuntimeError: no operator nms; install both from one index: pip install" in row


@pytest.mark.parametrize(("wanted", "status"), [("2.12.0", "ok"), ("2.1.0", "failed")])
def test_the_torch_that_torchvision_was_built_for_is_compared(monkeypatch, wanted, status):
    found = Check("torchvision", "ok", "0.99")
    monkeypatch.setattr(diagnostics, "check_library", lambda name, optional: found)
    monkeypatch.setattr(diagnostics, "requires", lambda name: ["numpy", f"torch=={wanted}"])
    monkeypatch.setattr(
        "gaussrep.plugins.requirements.distribution",
        lambda name: SimpleNamespace(version="2.12.0+cpu", requires=[]),
    )
    examined = check_torchvision()
    assert examined.status == status
    assert ("0.99 is built for torch==2.1.0, installed is" in examined.remark) == (
        status == "failed"
    )


def test_it_reports_where_kernels_are_kept(monkeypatch, doctor):
    monkeypatch.setattr("gaussrep.kernels.cache.cache_folder", lambda: None)
    result = doctor(METHOD.format(""), CODE)
    assert result.exit_code == 0
    assert "set NUMBA_CACHE_DIR to one" in result.stdout


@pytest.mark.parametrize("name", ["reference", "gaussrep:reference"])
def test_a_component_of_the_core_is_fine(name):
    component = plugins.find("renderers", name)
    assert check_component(component) == Check(str(component), "ok")


RENDERER = """
@hookimpl
def register_renderers():
    yield RendererRecord(
        name="mine", summary="S.", target="code_of_mine:Mine", priority=99,
        devices=frozenset({"cpu"}), capabilities=frozenset(),
    )
"""
MINE = """
from gaussrep.errors import UnavailableError
from gaussrep.rendering.reference import ReferenceRenderer
class Mine(ReferenceRenderer):
    def __init__(self): {}
"""


@pytest.mark.parametrize(
    ("body", "code", "status", "chosen"),
    [
        ("pass", 0, "ok", "mine on cpu"),
        ("raise UnavailableError('it needs a longer cable.')", 0, "unavailable", "on cpu"),
        ("raise ZeroDivisionError('bug')", 1, "failed", "on cpu"),
    ],
)
def test_renderers_are_made_to_see_whether_they_can_run_here(doctor, body, code, status, chosen):
    dispatch._build.cache_clear()
    result = doctor(RENDERER, {"code_of_mine": MINE.format(body)})
    dispatch._build.cache_clear()
    assert result.exit_code == code
    row = next(line for line in result.stdout.splitlines() if line.startswith("renderer 'mine'"))
    assert row.split(" 1.0 ")[1].split()[0] == status
    assert ("longer cable" in row) == (status == "unavailable")
    (auto,) = (line for line in result.stdout.splitlines() if line.startswith("renderer  "))
    assert chosen in auto
    assert ("mine" in auto) == (status == "ok")
