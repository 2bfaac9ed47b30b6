import os
import re
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from gaussrep import plugins
from gaussrep.cli.main import app
from gaussrep.config import ComponentConfig
from gaussrep.training.config import TrainerConfig

WITH_SETTINGS = [c for c in plugins.list() if c.record.config is not None and c.kind != "commands"]


def lines(*arguments):
    ran = CliRunner().invoke(app, ["settings", *arguments])
    assert ran.exit_code == 0, ran.output
    return ran.stdout.splitlines()


def rows(*arguments):
    """Settings by name, as the columns of a pipe."""
    table = [line for line in lines(*arguments) if "  " in line and not line.startswith(" ")]
    return {line.split()[0]: line for line in table}


def refused(*arguments):
    ran = CliRunner().invoke(app, ["settings", *arguments])
    assert ran.exit_code == 2
    return ran.stderr


def test_a_method_has_the_settings_of_its_training_and_its_presets():
    found = rows("gmae")
    assert {f"trainer.{name}" for name in TrainerConfig.model_fields} <= set(found)
    words = " ".join(found["method.mask_ratio"].split())
    assert words.startswith("method.mask_ratio 0.75 number ≥ 0, < 1 Fraction of the patches")
    assert "method.encoder.width" in found
    assert any(line.startswith("  demo ") for line in lines("gmae"))


def test_a_prefix_selects():
    assert set(rows("gmae", "trainer.schedule")) == {
        "setting", "trainer.schedule", "trainer.schedule.warmup_fraction",
        "trainer.schedule.min_lr",
    }  # fmt: skip
    assert set(rows("gmae", "method.queries")) == {"setting", "method.queries"}
    assert set(rows("gmae", "trainer.check")) == {
        "setting", "trainer.checkpoint_every", "trainer.checkpoint_minutes",
    }  # fmt: skip


def test_a_preset_replaces_defaults_and_chooses_components():
    found = rows("gmae", "--preset", "demo")
    assert found["trainer.steps"].split()[1] == "1200"
    assert found["data"].split()[1] == "photos"
    assert found["data.samples"].split()[1] == "2048"


def test_fit_and_its_strategies():
    assert "strategy.grow_gradient" in rows("fit")
    assert "noise" in rows("strategies/mcmc")
    assert rows("mcmc") == rows("strategies/mcmc")


@pytest.mark.parametrize("component", WITH_SETTINGS, ids=str)
def test_every_component_lists_its_settings(component):
    names = {name.partition(".")[0] for name in rows(f"{component.kind}/{component.qualified}")}
    config = component.load_config() or ComponentConfig
    assert set(config.model_fields) - {"type"} <= names


@pytest.mark.parametrize("kind", plugins.KINDS)
def test_a_kind_lists_its_components(kind):
    found = [line.split()[0] for line in lines(kind)[1:] if line[2] != " "]
    assert found == [component.name for component in plugins.list(kind)]


def test_without_a_name_everything_that_has_settings_is_listed():
    shown = "\n".join(lines())
    for name in ("fit", "gmae", "images", "knn", "mcmc", "warmup-cosine"):
        assert name in shown


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["gmea"], "did you mean 'gmae'?"),
        (["strategies/mcmcc"], "There is no strategy 'mcmcc'; did you mean 'mcmc'?"),
        (["gmae", "tranier"], "has no setting 'tranier'; did you mean 'trainer'?"),
        (["gmae", "learning_rate"], "has no setting 'learning_rate'; did you mean 'trainer.lr'?"),
        (["gmae", "--preset", "dmeo"], "has no preset 'dmeo'; did you mean 'demo'?"),
        (["scannet"], "write datasets/scannet or scene_sources/scannet"),
        (["knn", "--preset", "demo"], "only presets of methods can be shown"),
    ],
)
def test_a_mistake_is_one_sentence(arguments, sentence):
    shown = refused(*arguments)
    assert shown.startswith("error: ")
    assert shown.count("\n") == 1
    assert sentence in shown


def test_presets_with_what_they_are_for():
    shown = lines("gmae", "--presets")
    assert shown[0] == "Presets of gmae, for --preset:"
    assert any(line.startswith("  tiny ") and "ViT-Tiny on 32-pixel" in line for line in shown)
    ran = CliRunner().invoke(app, ["train", "gmae", "--preset"])
    assert (ran.exit_code, ran.stdout.splitlines()) == (0, shown)


@pytest.mark.parametrize(
    ("command", "row"),
    [
        ("train gmae --help", "method.queries"),
        ("evaluate knn --help", "temperature"),
        ("fit --help", "gaussrep settings fit"),
        ("train --help", "gaussrep settings NAME"),
    ],
)
def test_help_continues_with_settings(command, row):
    ran = CliRunner().invoke(app, command.split())
    assert ran.exit_code == 0
    assert row in ran.stdout


def test_on_a_terminal_the_list_fits_its_width(monkeypatch, capsys):
    from gaussrep.cli.settings import settings

    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setattr("shutil.get_terminal_size", lambda *_: os.terminal_size((70, 24)))
    settings("gmae")
    shown = capsys.readouterr().out.splitlines()
    assert max(len(re.sub(r"\x1b\[\d*m", "", line)) for line in shown[1:]) <= 70


def test_settings_import_no_torch():
    program = (
        "import sys; from gaussrep.cli.main import app\n"
        "try: app(['settings', 'gmae'])\n"
        "finally: assert 'torch' not in sys.modules"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr
