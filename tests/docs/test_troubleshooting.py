"""The sentences that the pages quote are those of the code."""

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

from gaussrep import plugins
from gaussrep.cli.checks import require_gaussians
from gaussrep.config import load_config
from gaussrep.config.overrides import parse_overrides
from gaussrep.data.folder_checks import require_folder
from gaussrep.errors import GaussrepError
from gaussrep.plugins.component import Component
from gaussrep.plugins.failure import Origin, PluginFailure
from gaussrep.plugins.manager import PluginHost
from gaussrep.training.config import TrainConfig, train_config

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/troubleshooting.md").read_text(encoding="utf-8")
INSTALL = (ROOT / "docs/install.md").read_text(encoding="utf-8")
QUOTED = [
    *re.findall(r"^### `(.+)`$", PAGE, re.MULTILINE),
    *re.findall(r"^\| `(renderer .+?)` \|", INSTALL, re.MULTILINE),
]

HOLE = "…"
"""What is filled in, in sentences of the code and of the pages alike."""
LEAST, SHARE = 15, 1 / 3
"""Letters of its own that a sentence with holes must have, and their share of what it explains."""


def is_said(sentence, heard):
    """Whether the code, or one of the sentences that were heard of it, says a sentence.

    It may leave things out (`…`), or be an example of what the code fills in.
    """
    pattern = re.compile(_pattern(sentence))
    return any(pattern.fullmatch(text) for text in (*heard, *templates())) or any(
        len(text.replace(HOLE, "")) >= max(LEAST, SHARE * len(sentence))
        and all(part in sentence for part in text.split(HOLE))
        and re.fullmatch(_pattern(text), sentence)
        for text in templates()
    )


@cache
def templates():
    """Every text in the sources of the distributions, with holes for what is filled in."""
    sources = [*ROOT.glob("gaussrep/**/*.py"), *ROOT.glob("plugins/*/gaussrep_*/**/*.py")]
    trees = (ast.parse(file.read_text(encoding="utf-8")) for file in sources)
    return {text for tree in trees for node in ast.walk(tree) if (text := _text(node))}


def _text(node):
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(value) or HOLE for value in node.values)
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return node.value if is_text else None


def _pattern(sentence):
    return ".*".join(re.escape(part) for part in sentence.split(HOLE))


def refused(call, *arguments):
    with pytest.raises(GaussrepError) as caught:
        call(*arguments)
    return str(caught.value)


@pytest.fixture(scope="module")
def heard():
    """Sentences that the code puts together from several."""
    record = plugins.LossRecord(name="x", summary="", target="x:x", requires=("not-there>=1",))
    failed = PluginFailure.from_exception(
        Origin("mine", "1"), "import", "import", RuntimeError("no")
    )
    sentences = [
        refused(Component(record, "losses", "mine", "1").load),
        refused(plugins.find, "methods", "gmea"),
        refused(load_config, TrainConfig, {"trainer": {"stps": 1}}, [], []),
        str(failed),
        refused(require_folder, Path("gone"), "a folder of images"),
        refused(require_gaussians, ROOT / "docs"),
        refused(parse_overrides, ["trainer.lr", "=", "1e-3"]),
        refused(train_config, "gmae"),
        refused(train_config, "gmae", "demo", [], ["data.root=photos"]),
        *map(str, PluginHost(only=["gmea"]).failures),
    ]
    return [line for sentence in sentences for line in sentence.splitlines()]


def test_there_are_sentences():
    assert len(QUOTED) > 25


@pytest.mark.parametrize("sentence", QUOTED)
def test_the_code_says_it(sentence, heard):
    assert is_said(sentence, heard)


@pytest.mark.parametrize("sentence", QUOTED)
def test_what_the_code_does_not_say_is_noticed(sentence, heard):
    assert not is_said(sentence.replace("e", "3"), heard)


def test_every_extra_is_on_the_page_and_pages_name_no_other():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = set(project["optional-dependencies"])
    assert set(re.findall(r"^\| `(\w+)` \| .+ \| .+ \|$", INSTALL, re.MULTILINE)) == extras
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    named = re.findall(r"gaussrep\[([\w,]+)\]", text)
    assert {name for names in named for name in names.split(",")} <= extras
