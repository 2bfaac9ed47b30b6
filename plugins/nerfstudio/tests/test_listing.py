import json

import pytest
from commands import call

FAILING = """
import importlib.abc, os, sys

class Failing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name in os.environ["FAILING"].split(","):
            raise ImportError(f"{name} is made to fail")

sys.meta_path.insert(0, Failing())
"""


@pytest.fixture
def failing(tmp_path):
    """Environment in which importing some modules fails."""

    def make(*names):
        (tmp_path / "sitecustomize.py").write_text(FAILING)
        return {"PYTHONPATH": str(tmp_path), "FAILING": ",".join(names)}

    return make


def test_train_lists_the_methods():
    listed = call("ns-train", "--help")
    assert listed.returncode == 0, listed.stderr
    for name in ("gaussrep ", "gaussrep-features ", "gaussrep-cross ", "splatfacto "):
        assert name in listed.stdout


def test_every_field_has_help():
    shown = call("ns-train", "gaussrep-cross", "gaussrep-rgbd", "--help", COLUMNS="200")
    assert shown.returncode == 0, shown.stderr
    assert (
        "Folder of a trained run that predicts"
        in call("ns-train", "gaussrep-cross", "--help", COLUMNS="200").stdout
    )
    assert "Hold out every n-th frame" in shown.stdout


@pytest.mark.parametrize("name", ["gaussrep", "gaussrep.fitting.scene_model"])
def test_other_methods_outlive_a_broken_gaussrep(failing, name):
    shown = call("ns-train", "splatfacto", "--help", **failing(name, "torch_is_fine"))
    assert shown.returncode == 0, shown.stderr
    assert "--pipeline.model.cull-alpha-thresh" in shown.stdout


@pytest.mark.parametrize("name", ["gaussrep", "gaussrep.fitting.scene_model"])
def test_broken_method_reports_why(failing, name, balls, tmp_path):
    refused = call(
        "ns-train", "gaussrep", "--data", balls, "--output-dir", tmp_path, **failing(name)
    )
    assert refused.returncode != 0
    result = " ".join((refused.stdout + refused.stderr).split())
    assert "cannot be used: ImportError" in result
    assert "is made to fail" in result


def test_plugins_say_what_cannot_run_beside_nerfstudio():
    listed = json.loads(call("gaussrep", "plugins", "--json").stdout)
    assert listed["failures"] == []
    found = {(each["kind"], each["name"]): each for each in listed["components"]}
    assert found["methods", "gaussiancross"]["available"]
    assert found["formats", "nerfstudio"]["available"]
    for kind, name in (("encoders", "timm"), ("methods", "gmae"), ("methods", "mae")):
        assert found[kind, name]["status"] == (
            'unavailable: needs timm>=1.0.26: pip install "timm>=1.0.26"'
        )
