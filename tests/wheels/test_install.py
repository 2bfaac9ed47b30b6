"""The built wheels, installed as a user installs them, used from outside the source tree."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.wheels


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """A clean environment that holds nothing but torch yet, and a folder with eight images."""
    folder = tmp_path_factory.mktemp("clean")
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    python = folder / "venv" / "bin" / "python"
    subprocess.run([sys.executable, ROOT / ".ci" / "link_torch.py", python], check=True)
    rng = np.random.default_rng(0)
    (folder / "pictures").mkdir()
    for number in range(8):
        pixels = rng.integers(0, 255, size=(40, 40, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / "pictures" / f"{number}.png")
    return folder


def install(environment, requirement):
    constraints = ROOT / "constraints" / "dev.txt"
    pip = [environment / "venv" / "bin" / "python", "-m", "pip", "install", "-q"]
    wheels = ["--find-links", ROOT / "dist", "-c", constraints]
    subprocess.run([*pip, *wheels, requirement], check=True, cwd=environment)


def run(environment, *arguments):
    """Run a program of the environment, found as a shell finds it, on one thread."""
    path = f"{environment / 'venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        arguments, cwd=environment, env=os.environ | {"PATH": path, "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_core_alone(environment):
    install(environment, "gaussrep")
    code = (
        "import importlib.util as u, torch, gaussrep as gr;"
        "absent = ('timm', 'viser', 'gsplat', 'gaussrep_gmae', 'gaussrep_rooms');"
        "assert not [name for name in absent if u.find_spec(name)];"
        "g = gr.Gaussians(torch.tensor([[0.0, 0, 2]]), torch.ones(1, 4), torch.full((1, 3), 0.2),"
        " torch.ones(1), colors=torch.ones(1, 3));"
        "gr.save(g, 'one.ply');"
        "eye = gr.Cameras(torch.eye(4)[None], torch.eye(3)[None], 4, 4);"
        "print(gr.render(gr.load('one.ply'), eye).color.mean().item())"
    )
    rendered = run(environment, "python", "-c", code)
    assert rendered.returncode == 0, rendered.stderr
    assert float(rendered.stdout.splitlines()[-1]) > 0
    listed = run(environment, "gaussrep", "plugins")
    assert listed.returncode == 0
    assert "reference" in listed.stdout
    assert "gmae" not in listed.stdout
    shown = run(environment, "gaussrep", "render", "one.ply", "--out", "one.png")
    assert shown.returncode == 0, shown.stderr
    refused = run(environment, "gaussrep", "train", "gmae")
    assert refused.returncode == 2
    assert "gmae" in refused.stderr


def test_gmae_trains_one_step(environment):
    install(environment, "gaussrep[gmae]")
    listed = run(environment, "gaussrep", "plugins")
    assert "gaussrep-gmae" in listed.stdout
    trained = run(
        environment, "gaussrep", "train", "gmae", "--preset", "demo", "--run", "run",
        "data.type=images", "data.root=pictures", "data.image_size=64",
        "trainer.steps=1", "trainer.batch_size=2",
    )  # fmt: skip
    assert trained.returncode == 0, trained.stderr
    assert (environment / "run" / "model.safetensors").is_file()
    inspected = run(environment, "gaussrep", "inspect", "run")
    assert inspected.returncode == 0, inspected.stderr
    assert (environment / "run" / "report.html").is_file()


def test_gaussiancross_trains_one_step_on_rooms_of_its_own(environment):
    install(environment, "gaussrep[gaussiancross,rooms]")
    rooms = ["--scenes", "2", "--val", "1", "--frames", "3", "--height", "24", "--width", "32"]
    made = run(environment, "gaussrep", "make-rooms", "rooms", *rooms, "--points", "3000")
    assert made.returncode == 0, made.stderr
    trained = run(
        environment, "gaussrep", "train", "gaussiancross", "--preset", "demo", "--run", "run-3d",
        "data.root=rooms", "data.image_size=[24,32]", "data.frame_step=1", "trainer.steps=1",
    )  # fmt: skip
    assert trained.returncode == 0, trained.stderr
    inspected = run(environment, "gaussrep", "inspect", "run-3d")
    assert inspected.returncode == 0, inspected.stderr
    assert (environment / "run-3d" / "report.html").is_file()


def test_pytorch3d_is_told_of_and_not_required(environment):
    install(environment, "gaussrep[pytorch3d]")
    listed = run(environment, "gaussrep", "plugins", "--json")
    components = {each["name"]: each for each in json.loads(listed.stdout)["components"]}
    assert not components["pytorch3d"]["available"]
    assert "pip install --no-build-isolation" in components["pytorch3d"]["status"]
    asked = run(environment, "python", "-c", "import gaussrep as gr; gr.get_renderer('pulsar')")
    assert "UnavailableError" in asked.stderr
    assert components["pulsar"]["status"].removeprefix("unavailable: ") in asked.stderr


def test_a_grown_up_plugin_of_somebody_else(environment):
    install(environment, "gaussrep-additive")
    install(environment, "pytest")
    listed = run(environment, "gaussrep", "plugins")
    assert "gaussrep-additive" in listed.stdout
    trained = run(
        environment, "gaussrep", "train", "additive", "--preset", "demo", "--run", "sums",
        "trainer.steps=1", "trainer.batch_size=2", "trainer.validate_every=0",
    )  # fmt: skip
    assert trained.returncode == 0, trained.stderr
    tests = ROOT / "examples" / "additive" / "tests"
    tested = run(environment, "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", tests)
    assert tested.returncode == 0, tested.stdout


def test_a_new_user_makes_a_plugin_as_the_documentation_says(environment):
    """The commands of the page, in order, and what it says that they print."""
    page = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
    said, commands = "", 0
    for language, block in re.findall(r"```(sh|text)\n(.*?)```", page, re.DOTALL):
        if language == "text":
            for line in block.splitlines():
                assert " ".join(line.split()) in said
            continue
        ran = run(environment, "bash", "-e", "-c", block)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert "Traceback" not in ran.stderr
        said, commands = " ".join(ran.stdout.split()), commands + len(block.splitlines())
    assert commands >= 7


TYPED = """\
from typing import assert_type

import gaussrep as gr
import gaussrep_additive
import gaussrep_gaussiancross
import gaussrep_gmae
import gaussrep_pytorch3d
import gaussrep_rooms

def draw(path: str, cameras: gr.Cameras) -> gr.Rendering:
    return assert_type(gr.render(assert_type(gr.load(path), gr.Gaussians), cameras), gr.Rendering)
"""
STRICT = {"typeCheckingMode": "strict", "reportUnusedImport": False, "include": ["typed.py"]}


def test_a_users_type_checker_sees_our_types(environment):
    """Strict pyright complains of an installed package without py.typed."""
    for distribution in ("gmae", "gaussiancross", "pytorch3d", "rooms", "additive"):
        install(environment, f"gaussrep-{distribution}")
    (environment / "typed.py").write_text(TYPED)
    (environment / "pyrightconfig.json").write_text(json.dumps(STRICT))
    pyright = [Path(sys.executable).with_name("pyright"), "--pythonpath"]
    python = environment / "venv" / "bin" / "python"
    assert (checked := run(environment, *pyright, python)).returncode == 0, checked.stdout
    (marker,) = (environment / "venv").rglob("site-packages/gaussrep/py.typed")
    marker.rename(marker.with_name("away"))
    checked = run(environment, *pyright, python)
    marker.with_name("away").rename(marker)
    assert checked.returncode == 1
    assert "reportMissingTypeStubs" in checked.stdout
