import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gaussrep.cli.main import app
from gaussrep.rendering.bench import table as module
from gaussrep.rendering.bench.measure import Measurement

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "render.py"
TIMES = ["--workload", "b16-n256", "--renderer", "tiled-torch", "--threads", "1"]


@pytest.fixture
def bench(monkeypatch):
    """Run the command, with measurements made up."""
    made_up = Measurement(
        first_ms=9.0, times_ms=[2.0], pairs=10**6, before_mb=5.0, peak_mb=7.0, stages_ms={}
    )
    monkeypatch.setattr(module, "_measure_apart", lambda cell, limit_s: made_up)
    return lambda *arguments: CliRunner().invoke(app, ["bench", *map(str, arguments)])


def test_a_table_is_shown_and_json_is_written(bench, tmp_path):
    done = bench("render", *TIMES, "--out", tmp_path / "out.json")
    assert done.exit_code == 0
    table = done.stdout.splitlines()
    assert table[0].split()[:3] == ["workload", "renderer", "pass"]
    row = "b16-n256  tiled-torch  forward           1        2.0        2.0 … 2.0  0.500"
    assert any(line.startswith(row) for line in table)
    found = json.loads((tmp_path / "out.json").read_text())
    assert [result["pass"] for result in found["results"]] == ["forward", "forward+backward"]
    assert "bench" in found["command"] or found["command"][0] == "gaussrep"


def test_all_renderers_are_timed_by_default(bench, tmp_path):
    bench("render", "--workload", "b16-n256", "--out", tmp_path / "out.json")
    found = json.loads((tmp_path / "out.json").read_text())
    timed = {result["renderer"] for result in found["results"]}
    assert timed >= {"reference", "gsplat", "tiled-torch"}
    assert {result["threads"] for result in found["results"]} == {1, 2}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--workload", "b16-n265"], "did you mean 'b16-n256'?"),
        (["--renderer", "refrence"], "refrence"),
        (["--threads", "1,x"], "--threads is '1,x', wanted numbers such as 1,2."),
        (["--threads", "0"], "--threads is '0'"),
        (["--out", "none/out.json"], "there is no folder none"),
    ],
)
def test_mistakes_are_one_line_and_nothing_is_timed(bench, arguments, words):
    done = bench("render", *arguments)
    assert done.exit_code == 2
    assert done.stderr.startswith("error: ")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


BENCHMARKS = """
@hookimpl
def register_benchmarks():
    yield BenchmarkRecord(name="{0}", summary="Time fits.", target="code_of_fit:fit")
"""
FIT = {
    "code_of_fit": """
    import typer
    from typing import Annotated

    def fit(often: Annotated[int, typer.Option(help="How often.")] = 1):
        typer.echo(f"fitted {often} times")
    """
}


def test_subjects_are_listed_with_their_summaries(site):
    site.add("plug", BENCHMARKS.format("fit"), modules={"code_of_fit": "raise RuntimeError"})
    ran = site.run("bench", "--help")
    assert (ran.returncode, ran.stderr) == (0, "")
    subjects = [" ".join(line.strip("│ ").split()) for line in ran.stdout.splitlines()]
    assert "fit Time fits." in subjects
    assert "render Time renderers on scenes of many sizes." in subjects


@pytest.mark.parametrize("name", ["fit", "plug:fit"])
def test_a_subject_of_a_plugin_has_its_own_options(site, name):
    site.add("plug", BENCHMARKS.format("fit"), modules=FIT)
    ran = site.run("bench", name, "--often", "3")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "fitted 3 times\n", "")
    assert "How often." in site.run("bench", name, "--help").stdout


def test_the_short_name_stays_the_cores(site):
    site.add("plug", BENCHMARKS.format("render"), modules=FIT)
    listed = site.run("bench", "--help").stdout
    assert "plug:render" in listed
    assert "--workload" in site.run("bench", "render", "--help").stdout
    assert site.run("bench", "plug:render").stdout == "fitted 1 times\n"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("rendr", "error: There is no benchmark 'rendr'; did you mean 'render'?\n"),
        ("cook", "error: There is no benchmark 'cook'; there are: render.\n"),
    ],
)
def test_an_unknown_subject_is_one_sentence(site, given, words):
    ran = site.run("bench", given)
    assert (ran.returncode, ran.stdout, ran.stderr) == (2, "", words)


def test_completion_of_an_unknown_subject_is_silent(site):
    ran = site.run(
        _GAUSSREP_COMPLETE="complete_bash", COMP_WORDS="gaussrep bench cook --", COMP_CWORD="3"
    )
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["render", "--help"]])
def test_help_does_not_import_torch(arguments):
    code = "import sys; from gaussrep.cli.main import main\ntry: main()"
    check = "finally: assert 'torch' not in sys.modules"
    command = [sys.executable, "-c", f"{code}\n{check}", "bench", *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_the_script_takes_the_same_options():
    command = [sys.executable, str(SCRIPT), "--workload", "nothing"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("error: There is no workload 'nothing'")
