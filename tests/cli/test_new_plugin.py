"""A new plugin installs, is listed, trains a step and passes its own tests at once."""

import os
import subprocess
import sys
from functools import partial

import pytest
from forked_program import PROGRAM, run_gaussrep


@pytest.fixture(scope="module")
def run(tmp_path_factory, pip_install):
    """Run a command beside a plugin that was just made and installed."""
    folder = tmp_path_factory.mktemp("made")
    path = os.pathsep.join([str(folder / "site"), os.environ.get("PYTHONPATH", "")])
    own = {"PYTHONPATH": path, "GAUSSREP_PLUGINS": "own", "OMP_NUM_THREADS": "1"}

    def run(*command):
        return subprocess.run(
            command, cwd=folder, env=os.environ | own, capture_output=True, text=True, check=False
        )

    run.gaussrep = partial(run_gaussrep, cwd=folder, env=os.environ | own)
    made = run.gaussrep("new-plugin", "Own", "--folder", "parts/mine")
    assert made.returncode == 0, made.stderr
    assert made.stdout.splitlines()[:2] == [
        "parts/mine: the plugin own",
        'install it: pip install -e "parts/mine[test]"',
    ]
    pip_install(folder / "parts" / "mine", folder / "site")
    return run


def test_it_is_listed_and_healthy(run):
    listed = run.gaussrep("plugins")
    assert listed.stderr == ""
    rows = [line.split()[:3] for line in listed.stdout.splitlines()]
    assert [row[:2] for row in rows if row[2] == "own"] == [
        ["renderers", "own-blobs"],
        ["encoders", "own-patches"],
        ["losses", "own-huber"],
        ["methods", "own"],
        ["callbacks", "own-weight-norm"],
        ["optimizers", "own-lion"],
        ["schedules", "own-step-decay"],
        ["strategies", "own-prune-faint"],
        ["captures", "own-arrays"],
        ["scene_sources", "own-boxes"],
    ]
    assert run.gaussrep("doctor").returncode == 0


def test_it_trains_a_step(run):
    options = ["--preset", "demo", "--run", "run", "trainer.steps=1", "trainer.batch_size=2"]
    trained = run.gaussrep("train", "own", *options, "trainer.validate_every=0")
    assert trained.returncode == 0, trained.stderr
    assert "run: loss" in trained.stdout


@pytest.mark.slow
def test_its_own_tests_pass(run):
    tested = run(sys.executable, "-m", "pytest", "-q", "parts/mine")
    assert tested.returncode == 0, tested.stdout


def test_mistakes_are_one_line(run):
    again = run.gaussrep("new-plugin", "other", "--folder", "parts/mine")
    assert again.returncode == 2
    assert again.stderr.splitlines() == [
        "error: parts/mine exists and is never overwritten; give another --folder."
    ]
    taken = run.gaussrep("new-plugin", "own")
    assert taken.returncode == 2
    (line,) = taken.stderr.splitlines()
    assert line.startswith("error: 'own' is the method 'own' of own 0.1.0 already")


def test_broken_on_purpose_it_is_one_line_and_the_rest_works(run, tmp_path):
    source = (
        "import importlib.util as u, pathlib, shutil; "
        "site = pathlib.Path(u.find_spec('own').origin).parents[1]; "
        f"shutil.copytree(site, r'{tmp_path / 'site'}')"
    )
    assert run(sys.executable, "-c", source).returncode == 0
    with (tmp_path / "site" / "own" / "plugin.py").open("a", encoding="utf-8") as plugin:
        plugin.write("raise RuntimeError('broken on purpose')\n")
    code = f"import sys; sys.path.insert(0, r'{tmp_path / 'site'}'); {PROGRAM}"
    listed = run(sys.executable, "-c", code, "plugins")
    assert listed.returncode == 0
    assert "reference" in listed.stdout
    assert listed.stdout.splitlines()[-1] == (
        "plugin own 0.1.0: import failed: RuntimeError: broken on purpose"
    )
