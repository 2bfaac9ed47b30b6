import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from forked_program import run_gaussrep

from gaussrep.cli.train import train
from gaussrep.errors import RunError
from gaussrep.plugins import registry
from gaussrep.training.checkpoint import load_run
from gaussrep.training.run_folder import RunFolder

TOY = Path(__file__).parents[1] / "training" / "toy"
QUIET = ["trainer.device=cpu", "trainer.tensorboard=false"]


@pytest.fixture
def toy(monkeypatch, tmp_path):
    """An empty folder, with the toy distribution installed."""
    monkeypatch.syspath_prepend(str(TOY))
    monkeypatch.chdir(tmp_path)
    registry.reset()
    yield
    registry.reset()
    for name in [name for name in sys.modules if name.startswith("gaussrep_toy")]:
        del sys.modules[name]


@pytest.fixture
def train_toy(toy, capsys):
    """Train the tiny toy as the command does, and give what it prints."""

    def call(*overrides, **options):
        train("toy", [*QUIET, *overrides], preset="tiny", **options)
        return capsys.readouterr().out

    return call


@pytest.fixture
def gaussrep(tmp_path):
    """Run the program in an empty folder, with the toy distribution installed."""
    python_path = os.pathsep.join([str(TOY), os.environ.get("PYTHONPATH", "")])

    def call(*arguments, program=None):
        env = os.environ | {"PYTHONPATH": python_path, "OMP_NUM_THREADS": "1"}
        if program is None:
            return run_gaussrep("train", *arguments, cwd=tmp_path, env=env)
        return subprocess.run(
            [sys.executable, "-W", "error", "-c", program, "train", *arguments],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )

    return call


def test_a_preset_a_file_and_settings(train_toy, tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("trainer: {steps: 5, batch_size: 3}\nseed: 4\n")
    train_toy("trainer.steps=7", config=[file])
    config = RunFolder.open(tmp_path / "runs" / "toy-1").read_config()
    assert config.method.model_dump()["width"] == 4
    assert (config.trainer.steps, config.trainer.batch_size, config.seed) == (7, 3, 4)


def test_the_program_ends_with_where_how_and_what_next(gaussrep, monkeypatch, toy):
    result = gaussrep("toy", "--preset", "tiny", *QUIET)
    assert result.returncode == 0, result.stderr
    first, *following = result.stdout.splitlines()
    assert first.startswith("runs/toy-1: loss ")
    assert "after 6 steps" in first
    assert "on the validation split" in first
    assert following == [
        'use it:       gaussrep.load_run("runs/toy-1")',
        "train longer: gaussrep train --resume runs/toy-1 trainer.steps=12",
    ]
    assert load_run("runs/toy-1").config.type == "toy"
    command = following[1].removeprefix("train longer: gaussrep train ").split()
    assert "after 12 steps" in gaussrep(*command).stdout


def test_what_was_given_is_kept(train_toy, tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("seed: 4\n")
    train_toy(config=[file], run=tmp_path / "r")
    assert yaml.safe_load((tmp_path / "r" / "user_config.yaml").read_text()) == {
        "method": "toy",
        "preset": "tiny",
        "config": {str(file): "seed: 4\n"},
        "overrides": QUIET,
        "from": None,
    }


def test_runs_are_numbered(train_toy, tmp_path):
    train_toy()
    train_toy()
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["toy-1", "toy-2"]


def test_resume_needs_no_method_and_from_starts_anew(train_toy, capsys):
    train_toy(run=Path("a"))
    train("trainer.steps=8", resume=Path("a"))
    assert "after 8 steps" in capsys.readouterr().out
    assert "after 6 steps" in train_toy(start_from=Path("a"), run=Path("b"))


def test_a_folder_that_holds_a_run_is_kept_unless_told(train_toy):
    train_toy(run=Path("a"))
    with pytest.raises(RunError, match="a already holds a run"):
        train_toy(run=Path("a"))
    assert "after 6 steps" in train_toy(run=Path("a"), overwrite=True)


REFUSED = [
    (["toy", "--preset", "tiny", "trainer.step=3"], "trainer.step"),
    (["toy", "--preset", "tiny", "method.widht=3"], "width"),
    (["toy", "--preset", "tiny", "trainer.lr=fast"], "trainer.lr"),
    (["toy", "--preset", "huge"], "huge"),
    (["toy", "--config", "none.yaml"], "none.yaml"),
    (["toy", "--preset", "tiny", "trainer.epochs=3"], "set the other to null"),
    (["toy", "--preset", "tiny", "method=other"], "the command trains 'toy'"),
    (["toyy"], "toy"),
    ([], "METHOD"),
    (["trainer.steps=3"], "METHOD"),
    (["--resume", "nowhere"], "there is no run folder nowhere"),
    (["toy", "--resume", "a"], "METHOD does not go with --resume"),
    (["--resume", "a", "--overwrite"], "--overwrite does not go with --resume"),
    (["--resume", "a", "--run", "b"], "--run does not go with --resume"),
    (["toy", "--preset", "tiny", "--from", "nowhere"], "there is no run folder nowhere"),
]


@pytest.mark.parametrize(("arguments", "words"), REFUSED)
def test_a_mistake_is_one_sentence_and_leaves_nothing(gaussrep, tmp_path, arguments, words):
    result = gaussrep(*arguments)
    assert result.returncode == 2
    *announced, line = result.stderr.splitlines()
    assert all(" …" in each for each in announced)
    assert line.startswith("error: ")
    assert words in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [["--help"], ["toyy"], ["--resume", "nowhere"]])
def test_help_and_mistakes_do_not_import_torch(gaussrep, arguments):
    program = (
        "import sys; from gaussrep.cli.main import app\n"
        "try: app()\n"
        "finally: assert 'torch' not in sys.modules"
    )
    result = gaussrep(*arguments, program=program)
    assert result.returncode in (0, 2), result.stderr
