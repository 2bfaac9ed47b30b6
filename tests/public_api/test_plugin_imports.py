"""Plugins, examples and the template of plugins import promised names only."""

import ast
import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
USERS = sorted(
    file
    for pattern in (
        "plugins/*/gaussrep_*/**/*.py",
        "examples/additive/gaussrep_additive/**/*.py",
        "gaussrep/new_plugin/template/**/*.py",
    )
    for file in ROOT.glob(pattern)
)


@pytest.fixture(scope="module")
def promised():
    """Promised names by package or module."""
    path = Path(__file__).with_name("inventory.py")
    spec = importlib.util.spec_from_file_location("public_api_inventory", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.promised()


def imported(file: Path) -> Iterator[tuple[str, str]]:
    """Every name that a file imports from the core, with its module."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "gaussrep":
            yield from ((node.module, alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((a.name, "") for a in node.names if a.name.startswith("gaussrep."))


def unpromised(file: Path, promised: dict[str, list[str]]) -> list[str]:
    """The names of a file's imports that nothing promises."""
    return [
        f"{module}.{name}"
        for module, name in imported(file)
        if name not in promised.get(module, ()) and f"{module}.{name}" not in promised
    ]


def test_plugins_import_promised_names_only(promised):
    found = {str(f.relative_to(ROOT)): unpromised(f, promised) for f in USERS}
    assert {file: names for file, names in found.items() if names} == {}


def test_an_inner_name_is_found(promised, tmp_path):
    file = tmp_path / "user.py"
    file.write_text(
        "from gaussrep import Cameras, similarity\nfrom gaussrep.rendering.cpu.tile import load\n"
        "from gaussrep.rendering import hidden\n"
    )
    assert unpromised(file, promised) == [
        "gaussrep.rendering.cpu.tile.load",
        "gaussrep.rendering.hidden",
    ]
