"""The page that shows every hook is a plugin that works."""

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gaussrep.plugins import hookspecs
from gaussrep.plugins.records import KINDS

PAGE = "docs/write-a-plugin.md"
ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


def is_file(block):
    return re.match(r"# ([\w/]+\.py)\n", block)


@pytest.fixture(scope="module")
def run(blocks, tmp_path_factory):
    """Run a command where the page's plugin is installed, and no other one, in any shell."""
    folder = tmp_path_factory.mktemp("page")
    info = folder / "my_package-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-package\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[gaussrep]\nmine = my_package.plugin\n")
    for block in blocks(PAGE):
        if named := is_file(block):
            file = folder / named[1]
            file.parent.mkdir(exist_ok=True)
            with file.open("a", encoding="utf-8") as open_file:
                open_file.write(block.removeprefix(named[0]) + "\n")
    own = {
        "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}",
        "GAUSSREP_PLUGINS": "mine",
        "OMP_NUM_THREADS": "1",
    }
    path = {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}

    def run(command):
        if isinstance(command, str):
            command = command.replace("\\\n", " ")  # cmd.exe has another sign
        return subprocess.run(
            command, cwd=folder, env=os.environ | own | path, capture_output=True, text=True,
            check=False, shell=isinstance(command, str),
        )  # fmt: skip

    return run


@pytest.mark.parametrize("kind", KINDS)
def test_every_hook_stands_there_with_signature_and_example(kind):
    hook = f"register_{kind}"
    sections = (ROOT / PAGE).read_text(encoding="utf-8").split("\n## ")
    signature = inspect.signature(getattr(hookspecs, hook))
    line = f"`{hook}{signature}`".replace("collections.abc.", "")
    line = line.replace("gaussrep.plugins.records.", "")
    (section,) = (text for text in sections if f"\n{line}\n" in text)
    assert f"# my_package/plugin.py\n@hookimpl\ndef {hook}():\n" in section
    assert f"    yield {KINDS[kind].__name__}(\n" in section


def test_every_kind_is_listed(run):
    listed = run("gaussrep plugins")
    assert listed.stderr == ""
    own = [line.split() for line in listed.stdout.splitlines() if " my-package " in line]
    assert {words[0] for words in own} == set(KINDS)
    assert run("gaussrep doctor").returncode == 0


def test_it_is_used_as_the_page_says(run, blocks):
    code = "\n".join(block for block in blocks(PAGE) if not is_file(block))
    used = run([sys.executable, "-c", code])
    assert used.returncode == 0, used.stderr
    said = ""
    for block in blocks(PAGE, "sh"):
        ran = run(block)
        assert ran.returncode == 0, ran.stderr
        said += ran.stdout
    for part in ("runs/mean: loss", "gray", "one.gs.safetensors: 1"):
        assert part in said


def test_its_own_tests_pass(run):
    ran = run([sys.executable, "-m", "pytest", "-q", "tests"])
    assert ran.returncode == 0, ran.stdout
