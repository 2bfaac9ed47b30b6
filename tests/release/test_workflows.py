"""What the workflows on GitHub run is what the distributions promise. They cannot run here."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / ".github").rglob("*.yml"))
TESTS = yaml.safe_load((ROOT / ".github/workflows/tests.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_it_is_yaml(file):
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    if file.parent.name == "workflows":
        assert True in content  # YAML 1.1 reads the key `on` as a truth
        assert all(
            job["steps"][0]["uses"] == "actions/checkout@v5" for job in content["jobs"].values()
        )
        assert all(job["timeout-minutes"] for job in content["jobs"].values())


def test_every_plugin_is_tested():
    tested = set(TESTS["env"]["DISTRIBUTIONS"].split()) - {"-e"}
    folders = {f"plugins/{file.parent.name}" for file in ROOT.glob("plugins/*/pyproject.toml")}
    assert tested == folders - {
        "plugins/nerfstudio"
    }  # which has a job and an environment of its own


def test_every_declared_python_is_tested():
    declared = re.findall(r":: (3\.\d+)", (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert declared
    assert set(declared) <= set(TESTS["jobs"]["suite"]["strategy"]["matrix"]["python"])
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"^MATRIX := (.*)$", makefile, re.MULTILINE)[1].split() == declared


def test_the_citation_file_is_complete():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert citation.keys() >= {"authors", "message", "title", "license", "repository-code"}


def test_the_matrix_tests_with_the_extras_of_the_makefile():
    (extras,) = re.findall(r"^EXTRAS := (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert TESTS["env"]["EXTRAS"] == extras
    for job in ("suite", "lowest"):
        commands = " ".join(step.get("run", "") for step in TESTS["jobs"][job]["steps"])
        assert '-e ".[$EXTRAS]"' in commands
