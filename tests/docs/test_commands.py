"""Commands and settings on the pages are accepted as they stand, as far as no data is needed."""

import re
import shlex
from pathlib import Path

import pytest
import typer

from gaussrep import plugins
from gaussrep.cli.fit import RESUMED, fit_config
from gaussrep.cli.main import app
from gaussrep.config import Config
from gaussrep.config.components import config_class
from gaussrep.config.overrides import parse_overrides
from gaussrep.data.config import ImagesConfig
from gaussrep.errors import ConfigError
from gaussrep.evaluation.resolve import resolve_evaluation_config
from gaussrep.fitting.config import FitConfig
from gaussrep.plugins.records import KINDS
from gaussrep.training.config import TrainConfig, TrainerConfig, train_config

ROOT = Path(__file__).parents[2]
TESTED_ELSEWHERE = {"docs/plugins.md", "docs/write-a-plugin.md"}
"""Pages whose commands need the page's own plugin."""
FOUND = [
    (page.relative_to(ROOT).as_posix(), page.read_text(encoding="utf-8"))
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("plugins/*/README.md")]
]
PAGES = {name: text for name, text in FOUND if name not in {"CHANGELOG.md", *TESTED_ELSEWHERE}}
PROGRAM = typer.main.get_command(app)
SHELL = {"", "sh", "bash", "console"}
FORMATS = ("transforms", "colmap", "recording")
ARRAY = r"arguments=\((.*?)\)$"
"""A bash array of arguments of `gaussrep train`."""
LINE = r"(?:^|-- |&& )gaussrep ([^>|&]+)"


def find_commands(text):
    """Arguments of every command in blocks of shell lines, and of the settings in sentences."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    shell = "".join(block for language, block in blocks if language in SHELL)
    lines = shell.replace("\\\n", " ").splitlines()
    lines += re.findall(r"`(gaussrep [^`…]*=[^`…]*)`", text)
    for line in lines:
        if array := re.search(ARRAY, line.strip()):
            yield ["train", *shlex.split(array[1])]
        elif (found := re.search(LINE, line)) and "${" not in line:
            yield shlex.split(found[1], comments=True)


def find_settings(text):
    """Blocks of settings of a training."""
    blocks = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    return [each for each in blocks if re.match(r"(method|data|trainer):", each)]


def given_of(command, arguments):
    """Parse the arguments of a command, and give the values of its parameters."""
    context = typer.Context(PROGRAM, info_name="gaussrep")
    name, loaded, rest = PROGRAM.resolve_command(context, [command, *arguments])
    return loaded.make_context(name, rest, parent=context).params


def check_resumed(command, overrides):
    """Check the settings that are changed on resume, as far as no run is there."""
    names = {override.partition("=")[0] for override in overrides if override}
    if command == "fit":
        assert names <= RESUMED.keys()
    else:
        parse_overrides([override for override in overrides if override])


def check_fit(given):
    """Resolve the settings of a fit for any of the formats that a folder may have."""
    overrides = given["overrides"] or []
    named = given["data"].startswith("synthetic:") or any("data.type" in each for each in overrides)
    kinds = [[]] if named else [[f"data.type={kind}"] for kind in FORMATS]
    refused = []
    for kind in kinds:
        try:
            fit_config(given["data"], given["renderer"], [], [*overrides, *kind])
        except ConfigError as error:
            refused.append(error)
    if len(refused) == len(kinds):
        raise refused[0]


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_page_are_accepted(page, tmp_path):
    file = tmp_path / "my.yaml"
    file.write_text("".join(find_settings(PAGES[page])[:1]), encoding="utf-8")
    runs = {}
    for command, *arguments in find_commands(PAGES[page]):
        given = given_of(command, arguments)
        overrides = given.get("overrides") or []
        if given.get("resume"):
            check_resumed(command, [given.get("method"), given.get("data"), *overrides])
        elif command == "train":
            files = [file] if given["config"] else []
            config = train_config(given["method"], given["preset"], files, overrides)
            runs[str(given["run"] or "RUN")] = config.data
        elif command == "fit":
            check_fit(given)
        elif command == "evaluate":
            data = runs.get(str(given["run"]), ImagesConfig(root=Path("photos")))
            resolve_evaluation_config(given["name"], data, None, overrides, given["preset"])


@pytest.mark.parametrize("page", [page for page in PAGES if find_settings(PAGES[page])])
def test_settings_of_a_training_are_accepted(page, tmp_path):
    for number, text in enumerate(find_settings(PAGES[page])):
        file = tmp_path / f"{number}.yaml"
        file.write_text(text, encoding="utf-8")
        train_config("gmae", "tiny", [file], ["data.type=images", "data.root=photos"])


@pytest.fixture(scope="module")
def old_names():
    """Keys that were renamed, and that no configuration has now."""
    loaded = [config_class(kind, c.qualified) for kind in KINDS for c in plugins.list(kind)]
    classes = {
        base for each in [*loaded, TrainConfig, TrainerConfig, FitConfig] for base in each.__mro__
    }
    classes = [each for each in classes if issubclass(each, Config)]
    renamed = {old for each in classes for old in each.all_renamed_keys() if "." not in old}
    return renamed - {name for each in classes for name in each.model_fields}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_no_old_key(page, old_names):
    lines = [line for line in PAGES[page].splitlines() if "renamed" not in line]
    named = re.findall(r"`(?:\w+\.)*(\w+)(?:=[^`]*)?`", "\n".join(lines))
    assert "workers" in old_names
    assert not old_names.intersection(named) - {"features"}  # also a tensor
    footers = re.findall(r"^\*.*: .*\*$", PAGES[page], re.MULTILINE)
    assert not old_names.intersection(re.findall(r"(\w+)=", " ".join(footers)))
    assert "trainer.evaluate_every=" not in " ".join(footers)


def test_lines_are_found_in_blocks_arrays_and_sentences():
    text = """
```python
pass
```
gaussrep is a word of this sentence.
```sh
gaussrep train gmae --preset tiny \\
  data.root=photos   # a remark
torchrun --no-python -- gaussrep train "${arguments[@]}"
pip install x && gaussrep fit desk
arguments=(gmae --run "$run")
```
Sentences name `gaussrep evaluate knn RUN k=10` and `gaussrep train`.
"""
    assert list(find_commands(text)) == [
        ["train", "gmae", "--preset", "tiny", "data.root=photos"],
        ["fit", "desk"],
        ["train", "gmae", "--run", "$run"],
        ["evaluate", "knn", "RUN", "k=10"],
    ]
