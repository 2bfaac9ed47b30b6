import subprocess
import sys
from importlib.metadata import version

import pytest

import gaussrep

HEAVY = ("torch", "numpy", "numba", "pydantic", "typer", "rich")
LIGHT = [
    "gaussrep",
    "gaussrep.errors",
    "gaussrep.plugins",
    "gaussrep.config",
    "gaussrep.cli.main",
    "gaussrep.cli.train",
    "gaussrep.cli.render",
    "gaussrep.cli.convert",
    "gaussrep.cli.edit",
    "gaussrep.editing",
    "gaussrep.cli.inspect",
    "gaussrep.cli.plugins",
    "gaussrep.cli.view",
    "gaussrep.cli.new_plugin",
    "gaussrep.cli.doctor",
    "gaussrep.rendering.config",
    "gaussrep.data.config",
    "gaussrep.training.config",
]


def python(code):
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


@pytest.mark.parametrize("module", LIGHT)
def test_importing_it_does_not_import_torch(module):
    loaded = python(f"import {module}, sys; print([m for m in {HEAVY} if m in sys.modules])")
    assert "torch" not in loaded
    assert "numba" not in loaded
    assert module != "gaussrep" or loaded == "[]"


def test_the_plugin_seam_is_light():
    listing = "import gaussrep as gr, sys; gr.plugins.list();"
    code = f"{listing} print([m for m in {HEAVY} if m in sys.modules])"
    assert python(code) == "[]"


@pytest.mark.parametrize("name", gaussrep.__all__)
def test_every_public_name_is_there(name):
    assert getattr(gaussrep, name) is not None
    assert name in dir(gaussrep)


def test_names_come_from_where_they_are_defined():
    from gaussrep import Gaussians, plugins
    from gaussrep.gaussians import Gaussians as Home

    assert Gaussians is Home is gaussrep.Gaussians
    assert plugins is gaussrep.plugins


def test_a_name_that_does_not_exist_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'gaussrep' has no attribute 'Gausians'"):
        gaussrep.Gausians  # noqa: B018


def test_the_version_is_the_distributions():
    assert gaussrep.__version__ == version("gaussrep")
