"""Distributions made for a test, laid out on disk as an installer lays them out."""

import importlib
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

import pytest

from gaussrep.plugins import registry
from gaussrep.plugins.manager import PluginHost

PROGRAM = [sys.executable, "-c", "from gaussrep.cli.main import main; main()"]


@dataclass
class Site:
    """A folder of installed distributions.

    Args:
        folder: Stands on `sys.path` here and on PYTHONPATH in `run`.
        names: The distributions that were added.
    """

    folder: Path
    names: list[str] = field(default_factory=list)

    def add(self, name, plugin="", *, version="1.0", requires=(), modules=None, entry_points=None):
        """Install a distribution whose entry point, of the same name, is a module of `plugin`."""
        module = name.replace("-", "_") + "_plugin"
        info = self.folder / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        lines += [f"Requires-Dist: {requirement}" for requirement in requires]
        lines += [f"Provides-Extra: {extra}" for extra in ("fast", "loop")]
        (info / "METADATA").write_text("\n".join(lines) + "\n", encoding="utf-8")
        if entry_points is None:
            entry_points = f"[gaussrep]\n{name} = {module}\n"
        (info / "entry_points.txt").write_text(entry_points, encoding="utf-8")
        for title, text in {module: plugin, **(modules or {})}.items():
            head = "from gaussrep.plugins import *\n" if title == module else ""
            (self.folder / f"{title}.py").write_text(head + dedent(text), encoding="utf-8")
        self.names.append(name)
        importlib.invalidate_caches()

    def host(self):
        """A host that knows these distributions and the core, and nothing else."""
        return PluginHost(only=self.names)

    def run(self, *arguments, **environment):
        """Run the gaussrep program where these distributions are installed, and no others."""
        variables = {
            "PYTHONPATH": str(self.folder),
            "GAUSSREP_PLUGINS": ",".join(self.names),
            "OMP_NUM_THREADS": "1",
            "COLUMNS": "200",
            **environment,
        }
        return subprocess.run(
            [*PROGRAM, *arguments],
            env=os.environ | variables,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="session")
def pip_install():
    """Install a distribution from its sources into a folder, without what it needs."""

    def install(source, folder):
        options = ["-q", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
        pip = [sys.executable, "-m", "pip", "install", *options]
        subprocess.run([*pip, "--target", folder, source], check=True)

    return install


@pytest.fixture
def site(tmp_path, monkeypatch):
    """An empty site, forgotten after the test."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    registry.reset()
    yield Site(folder)
    registry.reset()
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None) or "").startswith(str(folder)):
            del sys.modules[name]
