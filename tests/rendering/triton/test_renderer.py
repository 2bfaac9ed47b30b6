"""The renderer as it is found and loaded, and its kernels in processes of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from gaussrep import plugins
from gaussrep.errors import UnavailableError
from gaussrep.rendering.triton import loading
from gaussrep.rendering.triton.renderer import TritonRenderer

pytest.importorskip("triton", minversion="3.7", reason="older ones do not interpret with NumPy 2.4")

FOLDER = Path(__file__).parent


def run(*arguments, **environment):
    """Run Python where Triton interprets kernels, unless the environment differs."""
    variables = {"TRITON_INTERPRET": "1", "OMP_NUM_THREADS": "1", **environment}
    return subprocess.run(
        [sys.executable, *arguments],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_kernels_on_numpy_keep_the_contract():
    options = ["-q", "-p", "no:cacheprovider", str(FOLDER / "test_kernels.py")]
    ran = run("-m", "pytest", *options)
    assert ran.returncode == 0, ran.stdout[-5000:] + ran.stderr[-5000:]
    assert " passed" in ran.stdout


@pytest.fixture
def machine(monkeypatch):
    """A machine whose parts are set one by one."""

    def have(device=True, triton="3.7.0", compiler=True):
        monkeypatch.delenv("TRITON_INTERPRET", raising=False)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: device)
        monkeypatch.setattr(loading, "_has_compiler", lambda: compiler)
        if triton is None:
            monkeypatch.setitem(sys.modules, "triton", None)
        else:
            monkeypatch.setattr("triton.__version__", triton)

    return have


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ({"device": False}, ["needs a CUDA device", "nvidia-smi", "renderer 'auto'"]),
        ({"triton": None}, ["does not import here", "pip install triton", "'reference'"]),
        ({"triton": "3.3.1"}, ["Triton 3.4 or newer, got 3.3.1", "torch to 2.8", "'reference'"]),
        ({"compiler": False}, ["a C compiler", "install gcc or clang", "'reference'"]),
    ],
)
def test_what_is_missing_is_one_sentence(machine, missing, words):
    machine(**missing)
    with pytest.raises(UnavailableError) as caught:
        TritonRenderer()
    assert all(word in str(caught.value) for word in words)
    assert "\n" not in str(caught.value)


def test_nothing_of_triton_is_imported_before_the_renderer_is_built():
    code = (
        "import sys, gaussrep.rendering.triton.renderer; from gaussrep import plugins;"
        "plugins.find('renderers', 'triton').load();"
        "assert not [m for m in sys.modules if m.split('.')[0] == 'triton']"
    )
    ran = run("-c", code, TRITON_INTERPRET="0")
    assert ran.returncode == 0, ran.stderr


def test_auto_prefers_it_to_gsplat():
    triton, gsplat = (plugins.find("renderers", name).record for name in ("triton", "gsplat"))
    assert triton.devices == gsplat.devices == {"cuda"}
    assert triton.capabilities > gsplat.capabilities - {"ideal_fisheye"}
    assert "fisheye" in triton.capabilities
    assert triton.priority > gsplat.priority


def test_tensors_elsewhere_are_refused():
    code = (
        "import torch; from gaussrep.rendering import get_renderer;"
        "from gaussrep.testing.scenes import random_scene; scene = random_scene(1);"
        "get_renderer('triton').render(scene.gaussians, scene.cameras)"
    )
    ran = run("-c", code)
    assert "renders float32 tensors on the CPU, got torch.float64 on cpu" in ran.stderr


def test_a_kernel_compiles_without_a_device(tmp_path):
    benchmarks = FOLDER.parents[2] / "benchmarks"
    options = ["--target", "sm_80", "--kernel", "composite", "--out", str(tmp_path / "out.json")]
    ran = run(str(benchmarks / "triton_compile.py"), *options, TRITON_INTERPRET="0")
    assert ran.returncode == 0, ran.stderr
    assert "sm_80" in ran.stdout
    assert (tmp_path / "out.json").exists()
