import importlib
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from gaussrep.training.config import train_config
from harness.options import run_script

SMALL = "{width: 16, depth: 1, heads: 1}"
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
TOOLS = Path(__file__).parents[2] / "docs" / "_tools"


@pytest.fixture
def script(monkeypatch):
    """Import a module of the benchmarks or of the documentation's tools."""
    monkeypatch.syspath_prepend(str(TOOLS))
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module


@pytest.fixture
def run_main(capsys):
    """Run the command of a benchmark script in this process."""

    def run(main, *arguments):
        with pytest.raises(SystemExit) as ended:
            run_script(main, [str(argument) for argument in arguments])
        out, error = capsys.readouterr()
        return SimpleNamespace(exit_code=ended.value.code or 0, stdout=out, stderr=error)

    return run


@pytest.fixture
def small(tmp_path):
    """Make configurations of a small GMAE on eight images of two classes."""
    for split in ("train", "val"):
        for name, color in (("red", (200, 0, 0)), ("blue", (0, 0, 200))):
            (tmp_path / split / name).mkdir(parents=True)
            for number in range(4):
                Image.new("RGB", (32, 32), color).save(tmp_path / split / name / f"{number}.png")

    def make(*overrides):
        given = ["data.type=folders", f"data.root={tmp_path}", "trainer.epochs=null"]
        given += ["trainer.steps=2", "trainer.batch_size=4", "trainer.tensorboard=false"]
        given += [f"method.encoder={SMALL}", f"method.decoder={SMALL}", "trainer.device=cpu"]
        given += ["trainer.checkpoint_every=1", "method.renderer=reference", "method.queries=4"]
        return train_config("gmae", "cifar", [], [*given, *overrides])

    return make
