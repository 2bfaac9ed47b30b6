"""The walk over the registry: which components of the repository no contract looks at."""

import re
import tomllib
from pathlib import Path

from gaussrep import plugins
from gaussrep.testing import LossContract, uncovered
from gaussrep.testing.coverage import KINDS

ROOT = Path(__file__).parents[2]
LOSSES = """
@hookimpl
def register_losses():
    for name in ("first", "second"):
        yield LossRecord(name=name, summary="S.", target="a:B")
"""


def test_what_has_no_contract_is_named(site, monkeypatch):
    monkeypatch.setenv("GAUSSREP_PLUGINS", "plug")
    site.add("plug", LOSSES)
    assert uncovered("plug", {"LossContract": LossContract}) == ["losses/first", "losses/second"]
    first = type("TestFirst", (LossContract,), {"name": "plug:first"})
    assert uncovered("plug", {"TestFirst": first}) == ["losses/second"]


def test_every_distribution_of_the_repository_looks_for_such():
    folders = {
        tomllib.loads(file.read_text(encoding="utf-8"))["project"]["name"]: file.parent
        for file in [ROOT / "pyproject.toml", *ROOT.glob("*/*/pyproject.toml")]
    }
    folders["gaussrep"] = ROOT / "tests" / "testing"
    with_contracts = {c.distribution for kind in KINDS for c in plugins.list(kind)}
    with_contracts |= {name for name, folder in folders.items() if folder.parent.name == "examples"}
    for distribution in with_contracts & folders.keys():
        (tests,) = folders[distribution].rglob("test_contracts.py")
        text = tests.read_text(encoding="utf-8")
        assert re.search(rf'assert uncovered\("{distribution}", globals\(\)\) == \[\]', text)
    assert with_contracts & folders.keys() >= {"gaussrep", "gaussrep-gmae"}
