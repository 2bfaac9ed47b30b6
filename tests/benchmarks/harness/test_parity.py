import math
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from gaussrep.rendering.reference import ReferenceRenderer
from harness import parity
from harness.scenes import make_scene
from harness.tiled_torch import TiledTorchRenderer
from harness.workloads import Workload

TINY = Workload("tiny", 2, 1, 20, 20, 18, sigma=2.0, channels=5)
SCRIPT = Path(__file__).parents[3] / "benchmarks" / "gpu_speed.py"


def test_differences():
    found = parity.differences(torch.tensor([0.0, 1.0]), torch.tensor([0.1, 1.0]))
    assert found["max"] == pytest.approx(0.1)
    assert found["mean"] == pytest.approx(0.05)
    assert found["close"] == 0.5
    assert found["psnr"] == pytest.approx(-10 * math.log10(0.005))
    assert parity.differences(torch.zeros(0), torch.zeros(0))["close"] == 1


def test_renderers_that_agree():
    found = parity.compare(make_scene(TINY), TiledTorchRenderer(), ReferenceRenderer())
    for name in ("color", "alpha", "depth", "features"):
        assert found[name]["psnr"] > 60
    names = ["means", "quats", "scales", "opacities", "colors", "features"]
    assert list(found["gradients"]) == names
    assert all(error < 1e-2 for error in found["gradients"].values())


def test_rates():
    found = parity.rates(make_scene(TINY), ReferenceRenderer(), 2, "cpu")
    assert found["pairs"] > 0
    assert len(found["forward+backward"]["times_ms"]) == 2


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_without_a_gpu_the_script_reports_so_in_one_sentence(tmp_path):
    command = [sys.executable, str(SCRIPT), str(tmp_path / "out.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: renderer 'triton' needs")
    assert not (tmp_path / "out.json").exists()
