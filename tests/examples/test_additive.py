"""The grown-up plugin of the examples, installed as a user installs it, passes its own tests."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "additive"


@pytest.mark.slow
def test_its_own_tests_pass(tmp_path, pip_install):
    pip_install(EXAMPLE, tmp_path / "site")
    path = os.pathsep.join([str(tmp_path / "site"), os.environ.get("PYTHONPATH", "")])
    own = {"PYTHONPATH": path, "GAUSSREP_PLUGINS": "additive"}
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", EXAMPLE / "tests"],
        cwd=tmp_path, env=os.environ | own | {"OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert tested.returncode == 0, tested.stdout


def test_nothing_of_the_repository_imports_it():
    root = EXAMPLE.parents[1]
    packages = [root / "gaussrep", *root.glob("plugins/*/gaussrep_*")]
    sources = [file for package in packages for file in package.rglob("*.py")]
    assert len(sources) > 100
    assert not [file for file in sources if "gaussrep_additive" in file.read_text(encoding="utf-8")]
