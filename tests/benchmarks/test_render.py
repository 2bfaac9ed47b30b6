import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import render
from gaussrep.kernels.processor import VARIABLE
from harness import table as module
from harness.measure import Measurement

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "render.py"
TIMES = ["--workload", "b16-n256", "--renderer", "tiled-torch", "--threads", "1"]


@pytest.fixture
def bench(monkeypatch, run_main):
    """Run the script's command with made-up measurements."""
    made_up = Measurement(
        first_ms=9.0, times_ms=[2.0], pairs=10**6, before_mb=5.0, peak_mb=7.0, stages_ms={}
    )
    monkeypatch.setattr(module, "_measure_apart", lambda cell, limit_s: made_up)
    return lambda *arguments: run_main(render.main, *arguments)


def test_a_table_is_shown_and_json_is_written(bench, tmp_path):
    done = bench(*TIMES, "--out", tmp_path / "out.json")
    assert done.exit_code == 0
    table = done.stdout.splitlines()
    assert table[0].split()[:3] == ["workload", "renderer", "pass"]
    row = "b16-n256  tiled-torch  forward           1        2.0        2.0 … 2.0  0.500"
    assert any(line.startswith(row) for line in table)
    found = json.loads((tmp_path / "out.json").read_text())
    assert [result["pass"] for result in found["results"]] == ["forward", "forward+backward"]


def test_all_renderers_are_timed_by_default(bench, tmp_path):
    bench("--workload", "b16-n256", "--out", tmp_path / "out.json")
    found = json.loads((tmp_path / "out.json").read_text())
    timed = {result["renderer"] for result in found["results"]}
    assert timed >= {"reference", "triton", "gsplat", "tiled-torch"}
    assert {result["threads"] for result in found["results"]} == {1, 2}


@pytest.mark.parametrize(("machine", "name"), [("x86_64", "NUMBA_CPU_NAME"), ("arm64", VARIABLE)])
def test_a_width_is_compiled_for_by_the_processes_that_are_timed(bench, monkeypatch, machine, name):
    monkeypatch.setattr("platform.machine", lambda: machine)
    monkeypatch.setattr(os, "environ", os.environ.copy())
    assert bench(*TIMES, "--width", "8").exit_code == 0
    assert os.environ[name] == {"x86_64": "haswell", "arm64": "8"}[machine]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--workload", "b16-n265"], "did you mean 'b16-n256'?"),
        (["--renderer", "refrence"], "refrence"),
        (["--threads", "1,x"], "--threads is '1,x', expected numbers such as 1,2."),
        (["--threads", "0"], "--threads is '0'"),
        (["--width", "5"], "--width is 5, expected 4, 8 or 16."),
        (["--out", "none/out.json"], "there is no folder none"),
    ],
)
def test_mistakes_are_one_line_and_nothing_is_timed(bench, arguments, words):
    done = bench(*arguments)
    assert done.exit_code == 2
    assert done.stderr.startswith("error: ")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_script_reports_a_mistake_in_one_line():
    command = [sys.executable, str(SCRIPT), "--workload", "nothing"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("error: There is no workload 'nothing'")
