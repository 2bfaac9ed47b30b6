"""The Python examples of the README and the documentation run as they stand."""

import inspect
import re
from pathlib import Path

import pytest
import torch

from gaussrep.cli.main import app
from gaussrep.plugins import hookspecs

ROOT = Path(__file__).parents[2]


def blocks(page):
    return re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def in_a_folder_with_a_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    small = "{width: 16, depth: 1, heads: 1}"
    arguments = ["train", "gmae", "--preset", "demo", "--run", "runs/demo", "trainer.steps=1"]
    arguments += [f"method.encoder={small}", f"method.decoder={small}", "trainer.batch_size=2"]
    app([*arguments, "trainer.tensorboard=false"], standalone_mode=False)


@pytest.mark.usefixtures("in_a_folder_with_a_run")
def test_readme():
    drawing, plugin = blocks("README.md")
    names = {}
    exec(drawing, names)
    assert names["out"].color.shape == (1, 240, 320, 3)
    assert torch.isfinite(names["features"]).all()
    exec(plugin, names)
    (record,) = names["register_losses"]()
    assert record.name == "huber"


@pytest.mark.usefixtures("in_a_folder_with_a_run")
def test_start_page():
    names = {}
    for block in blocks("docs/start.md"):
        exec(block, names)
    assert names["g"].count == 500


def test_every_hook_is_documented():
    text = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
    hooks = [name for name in dir(hookspecs) if name.startswith("register_")]
    assert hooks
    for name in hooks:
        signature = inspect.signature(getattr(hookspecs, name))
        parameters = ", ".join(signature.parameters)
        assert f"`{name}({parameters})`" in text
