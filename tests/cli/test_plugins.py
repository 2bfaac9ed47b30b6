import json
import os
import re

import pytest
from typer.testing import CliRunner

from gaussrep.cli.main import app
from gaussrep.cli.plugins import plugins as list_plugins

GMAE = """
@hookimpl
def register_methods():
    yield MethodRecord(name="gmae", summary="Another one.", target="code_of_gmae:GMAE")
"""
TYPO = """
@hookimpl
def register_method():
    return []
"""


@pytest.fixture
def trouble(site):
    """One plugin that raises on import, one with a misspelled hook, two with one name."""
    site.add("broken", "raise RuntimeError('boom')")
    site.add("typo", TYPO)
    site.add("first-gmae", GMAE, version="0.1.0", modules={"code_of_gmae": "class GMAE: pass"})
    site.add("second-gmae", GMAE)
    return site


def test_the_table_shows_every_component(site):
    ran = site.run("plugins")
    assert ran.returncode == 0
    header, *rows = ran.stdout.splitlines()
    assert header.split() == ["kind", "name", "distribution", "version", "summary", "status"]
    names = [tuple(row.split()[:3]) for row in rows]
    assert ("renderers", "reference", "gaussrep") in names
    assert ("formats", "ply", "gaussrep") in names
    assert all(row.endswith("  ok") or "  unavailable: needs " in row for row in rows)
    assert ran.stderr == ""


def test_one_kind_alone(site):
    ran = site.run("plugins", "losses")
    _, *rows = ran.stdout.splitlines()
    assert {row.split()[0] for row in rows} == {"losses"}
    assert "did you mean 'losses'?" in site.run("plugins", "loses").stderr


def test_a_renderer_of_cuda_is_unavailable_without_a_device(site):
    ran = site.run("plugins", "renderers", CUDA_VISIBLE_DEVICES="")
    (row,) = [line for line in ran.stdout.splitlines() if line.split()[1] == "gsplat"]
    assert "unavailable: needs a CUDA device, and CUDA_VISIBLE_DEVICES= hides every device" in row


def test_on_a_terminal_the_list_fits_a_hundred_columns(site, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setattr("shutil.get_terminal_size", lambda *_: os.terminal_size((120, 24)))
    list_plugins()
    shown = capsys.readouterr().out
    lines = [re.sub(r"\x1b\[\d*m", "", line) for line in shown.splitlines()]
    assert max(map(len, lines)) <= 100
    assert "renderers" in lines


def test_what_cannot_run_here_reports_what_to_install(site):
    site.add("plug", GMAE.replace('GMAE")', 'GMAE", requires=("absent-thing>=1.4",))'))
    ran = site.run("plugins")
    wanted = 'unavailable: needs absent-thing>=1.4: pip install "absent-thing>=1.4"'
    assert wanted in ran.stdout


def test_json(trouble):
    ran = trouble.run("plugins", "--json")
    assert (ran.returncode, ran.stderr) == (0, "")
    listed = json.loads(ran.stdout)
    second = next(c for c in listed["components"] if c["qualified"] == "second-gmae:gmae")
    assert second == {
        "kind": "methods",
        "name": "gmae",
        "qualified": "second-gmae:gmae",
        "distribution": "second-gmae",
        "version": "1.0",
        "summary": "Another one.",
        "available": True,
        "missing": [],
        "status": "write second-gmae:gmae",
    }
    assert [(f["distribution"], f["phase"]) for f in listed["failures"]] == [
        ("broken", "import"),
        ("typo", "hook"),
        ("second-gmae", "name"),
    ]


def test_each_trouble_is_one_line_of_the_listing(trouble):
    ran = trouble.run("plugins")
    assert (ran.returncode, ran.stderr) == (0, "")
    table, _, failures = ran.stdout.partition("\n\n")
    rows = [line.split()[:2] for line in table.splitlines()]
    assert rows.count(["methods", "gmae"]) == 2
    assert failures.splitlines() == [
        "plugin broken 1.0: import failed: RuntimeError: boom",
        "plugin typo 1.0: there is no hook 'register_method'; did you mean 'register_methods'?",
        "plugin second-gmae 1.0: method 'gmae' is also registered by first-gmae 0.1.0; "
        "write 'second-gmae:gmae' or 'first-gmae:gmae'.",
    ]


def test_every_other_command_works_and_reports_each_trouble_once(trouble):
    assert trouble.run("--version").returncode == 0
    for arguments in (["--help"], ["convert", "--help"]):
        ran = trouble.run(*arguments)
        assert ran.returncode == 0
        assert "Traceback" not in ran.stderr
    ran = trouble.run("--help")
    assert [line.split()[1] for line in ran.stderr.splitlines()] == [
        "broken",
        "typo",
        "second-gmae",
    ]


def test_the_ambiguous_name_is_refused_with_both_qualified_names(trouble):
    ran = trouble.run("train", "gmae")
    assert ran.returncode == 2
    assert ran.stderr.splitlines()[-1] == (
        "error: The method 'gmae' is registered by first-gmae 0.1.0 and second-gmae 1.0; "
        "write 'first-gmae:gmae' or 'second-gmae:gmae'."
    )


def test_an_empty_selection_leaves_the_core(trouble):
    ran = trouble.run("plugins", GAUSSREP_PLUGINS="")
    assert "gmae" not in ran.stdout
    assert "reference" in ran.stdout


def test_in_process_the_log_is_left_as_it_was(site, monkeypatch, caplog):
    site.add("broken", "raise RuntimeError('boom')")
    monkeypatch.setenv("GAUSSREP_PLUGINS", "broken")
    result = CliRunner().invoke(app, ["plugins"])
    assert result.exit_code == 0
    assert "plugin broken 1.0" in result.stdout
    assert caplog.records == []
