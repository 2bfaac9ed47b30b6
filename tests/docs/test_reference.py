"""The pages of the reference hold every command and every setting, as the code has them."""

import importlib
import inspect
import re
from pathlib import Path

import pytest

from gaussrep import plugins
from gaussrep.cli.builtin import BUILTIN
from gaussrep.config import ComponentConfig, Config, resolve
from gaussrep.config.overrides import parse_overrides

ROOT = Path(__file__).parents[2]
KINDS = [kind for kind in plugins.KINDS if kind != "commands"]
ROW = re.compile(r"^\| `([\w.]+)` \| (.+) \| (?:`(.*)`|required) \| (.+) \|$", re.MULTILINE)


class Bare(Config):
    """Says nothing of its field."""

    bare: int = 1


@pytest.fixture
def tools(monkeypatch):
    """Import a module of the folder that makes the pages."""
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "_tools"))
    return importlib.import_module


@pytest.fixture
def sections(tools):
    """A page as it is built, section by section."""

    def read(page):
        text = (ROOT / "docs" / "reference" / f"{page}.md").read_text(encoding="utf-8")
        built = tools("pages").fill(text).replace("&nbsp;", " ")
        return dict(part.split("\n", 1) for part in built.split("\n## ")[1:])

    return read


def rows(section):
    return {name: (takes, default) for name, takes, default, _ in ROW.findall(section)}


def rounded(value):
    """A configuration, with its numbers to the digits that the tables show."""
    if isinstance(value, dict):
        return {key: rounded(part) for key, part in value.items()}
    if isinstance(value, tuple | list):
        return [rounded(part) for part in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


@pytest.mark.parametrize("kind", KINDS)
def test_every_component_has_its_section(kind, sections):
    assert list(sections(kind)) == [component.name for component in plugins.list(kind)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_setting_has_its_row_and_its_default(kind, sections):
    page = sections(kind)
    for component in plugins.list(kind):
        config = component.load_config() or ComponentConfig
        table = rows(page[component.name])
        assert {name.partition(".")[0] for name in table} == set(config.model_fields) - {"type"}
        if not any(field.is_required() for field in config.model_fields.values()):
            said = parse_overrides([f"{name}={default}" for name, (_, default) in table.items()])
            given = resolve(kind, {"type": component.name, **said}).model_dump()
            assert rounded(given) == rounded(resolve(kind, component.name).model_dump())


def test_rows_say_what_the_code_says(sections):
    gmae = rows(sections("methods")["gmae"])
    assert gmae["mask_ratio"] == ("number ≥ 0, < 1", "0.75")
    assert gmae["decoder.width"] == ("whole number ≥ 1", "512")
    assert gmae["encoder"] == ("an [encoder](encoders.md)", "vit")
    assert gmae["renderer"] == ("a [renderer](renderers.md) or `auto`", "auto")
    assert rows(sections("datasets")["images"])["root"] == ("path", "")
    trainer = sections("settings")["Training"]
    assert "| `trainer.keep_last` | whole number ≥ 1 | `2` | Number of the latest" in trainer
    assert "each to an [evaluation](evaluations.md)" in trainer


def test_each_strategy_has_its_table(sections):
    assert "strategy" in rows(sections("settings")["Fitting"])
    assert "grow_gradient" in rows(sections("strategies")["default"])
    assert "noise" in rows(sections("strategies")["mcmc"])


def test_every_command_has_a_row_for_every_parameter(sections):
    page = sections("commands")
    functions = {f"gaussrep {name}": target for name, (target, _) in BUILTIN.items()}
    own = plugins.list("commands")
    functions |= {f"gaussrep {component.name}": component.record.target for component in own}
    assert set(page) == {"gaussrep", *functions}
    for title, target in functions.items():
        module, _, name = target.partition(":")
        parameters = inspect.signature(getattr(importlib.import_module(module), name)).parameters
        assert page[title].count("\n| `") == len(parameters), title


def test_a_setting_without_a_docstring_is_refused(tools):
    with pytest.raises(LookupError, match="bare has no docstring"):
        tools("reference.settings").settings_tables(Bare)


def test_what_looks_like_html_is_shown(tools):
    prose = tools("reference.markdown").prose
    assert prose("runs/<method>\n of `a<b|c` | x") == r"runs/&lt;method> of `a<b|c` \| x"
