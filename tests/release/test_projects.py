"""What the distributions declare agrees, with each other and with what is tested."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import gaussrep
from gaussrep import plugins
from gaussrep.plugins.manager import PluginHost

ROOT = Path(__file__).parents[2]
PROJECTS = {
    file.parent.relative_to(ROOT).as_posix(): tomllib.loads(file.read_text(encoding="utf-8"))
    for pattern in ("pyproject.toml", "plugins/*/pyproject.toml", "examples/*/pyproject.toml")
    for file in sorted(ROOT.glob(pattern))
}
OURS = {project["project"]["name"] for project in PROJECTS.values()}
RELEASED = [folder for folder in PROJECTS if not folder.startswith("examples/")]
ELSEWHERE = {"plugins/nerfstudio"}
"""Distributions with an environment, and with pins, of their own."""


def requirements(project):
    """What a distribution and its extras need."""
    extras = project["project"].get("optional-dependencies", {}).values()
    for text in [
        *project["project"]["dependencies"],
        *(text for extra in extras for text in extra),
    ]:
        yield Requirement(text)


@pytest.mark.parametrize("folder", RELEASED)
def test_the_version_stands_in_one_file(folder):
    assert "version" in PROJECTS[folder]["project"]["dynamic"]
    file = ROOT / folder / PROJECTS[folder]["tool"]["hatch"]["version"]["path"]
    assert file.resolve() == ROOT / "gaussrep" / "__init__.py"


@pytest.mark.parametrize("folder", PROJECTS)
def test_distributions_that_are_released_together_fit_together(folder):
    between = [need for need in requirements(PROJECTS[folder]) if need.name in OURS]
    assert between
    assert [str(n) for n in between if not n.specifier.contains(gaussrep.__version__)] == []


@pytest.mark.parametrize("folder", PROJECTS)
def test_type_checkers_read_its_annotations(folder):
    (package,) = PROJECTS[folder]["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert (ROOT / folder / package / "py.typed").is_file()
    assert "Typing :: Typed" in PROJECTS[folder]["project"]["classifiers"]


def lowest_versions(needs):
    return {
        (canonicalize_name(need.name), *re.findall(r">=([\d.]+)", str(need.specifier)))
        for need in needs
        if need.name not in OURS
    }


@pytest.fixture(scope="module")
def declared():
    """Name and lowest version of all that the distributions need, but the tests."""
    tested = [project for folder, project in PROJECTS.items() if folder not in ELSEWHERE]
    found = lowest_versions(need for project in tested for need in requirements(project))
    return {need for need in found if need[0] != "pytest"}


def test_the_lowest_versions_are_the_declared_ones(declared):
    lines = (ROOT / "constraints" / "lowest.txt").read_text(encoding="utf-8").splitlines()
    assert {tuple(line.split("==")) for line in lines if "==" in line} == declared


@pytest.mark.parametrize("kind", plugins.KINDS)
def test_components_need_the_versions_that_extras_bring(declared, kind):
    components = [part for part in plugins.list(kind) if part.distribution in OURS]
    texts = {text for part in components for text in getattr(part.record, "requires", ())}
    shared = {name for name, _ in declared}
    needed = lowest_versions(Requirement(text) for text in texts if "://" not in text)
    assert {need for need in needed if need[0] in shared} <= declared


def test_the_environment_of_tests_has_all_that_the_core_needs():
    (extras,) = re.findall(r"^EXTRAS := (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    offered = PROJECTS["."]["project"]["optional-dependencies"]
    texts = [text for name in extras.split(",") for text in offered[name]]
    texts += [text for each in PROJECTS.values() for text in each["project"]["dependencies"]]
    installed = {Requirement(text).name for text in texts}
    records = [part.record for part in PluginHost(only=[]).components()]
    needed = {Requirement(text).name for each in records for text in getattr(each, "requires", ())}
    assert needed <= installed
