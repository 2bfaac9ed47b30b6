"""`on_gpu.sh` and its parts, on a CPU."""

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from PIL import Image

from gaussrep.errors import DataError

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "on_gpu.sh"
NEEDS_LINUX = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("timeout") is None, reason="it is a script for Linux"
)
STAGES = ["doctor", "contract", "speed", "gmae-step", "scene-step", "cifar", "fit"]


def run(*options, **environment):
    """Run the script; return its exit code and the stages that it recorded."""
    out = Path(options[options.index("--out") + 1])
    variables = {"PYTHON": sys.executable, **environment}
    command = [str(SCRIPT), *map(str, options)]
    done = subprocess.run(command, env=os.environ | variables, capture_output=True, check=False)
    lines = (out / "stages.jsonl").read_text().splitlines()
    return done.returncode, [json.loads(line) for line in lines]


@NEEDS_LINUX
def test_a_stage_that_fails_stops_no_other(tmp_path):
    code, stages = run("--rehearse", "--out", tmp_path / "out", PYTHON="false")
    assert code == 1
    assert [stage["stage"] for stage in stages] == STAGES
    assert {stage["exit"] for stage in stages} == {"1"}


@NEEDS_LINUX
def test_the_rehearsed_speed(tmp_path):
    pytest.importorskip("triton", minversion="3.7")
    code, (stage,) = run("--rehearse", "--out", tmp_path, "--stage", "speed")
    assert (code, stage["stage"], stage["exit"]) == (0, "speed", "0")
    results = json.loads((tmp_path / "speed.json").read_text())["results"]
    assert len(results) == 4
    for result in results:
        assert result["difference"]["color"]["max"] < 1e-3
        assert result["ratio"].keys() == {"forward", "forward+backward"}


def test_unknown_options_are_refused():
    if sys.platform != "linux":
        pytest.skip("it is a script for Linux")
    done = subprocess.run([str(SCRIPT), "--rehearsal"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: on_gpu.sh")


def test_images_are_decoded_and_cropped(script, tmp_path):
    module = script("gpu_cifar")
    with tarfile.open(tmp_path / "cifar10-train.tar.gz", "w:gz") as archive:
        for name, color in (("train/b/0.png", (200, 0, 0)), ("train/a/0.png", (0, 0, 200))):
            content = io.BytesIO()
            Image.new("RGB", (32, 32), color).save(content, "PNG")
            entry = tarfile.TarInfo(name)
            entry.size = content.tell()
            archive.addfile(entry, io.BytesIO(content.getvalue()))
    images = module.load(tmp_path, "train", "cpu")
    assert images.pixels.shape == (2, 3, 32, 32)
    assert images.labels.tolist() == [1, 0]
    crops = images.crops(6, (0.2, 1.0), 0.5)
    assert crops.shape == (6, 3, 32, 32)
    colors = crops.amax((2, 3))
    assert ((colors[:, 0] > 0.7) ^ (colors[:, 2] > 0.7)).all()


def test_whole_crops_are_the_images(script):
    module = script("gpu_cifar")
    images = module.Images(torch.randint(0, 256, (1, 3, 32, 32)).to(torch.uint8), torch.zeros(1))
    crops = images.crops(1, (1.0, 1.0), 0.0)
    torch.testing.assert_close(crops, images.pixels / 255, atol=1e-5, rtol=0)


def test_a_missing_archive_is_named(script, tmp_path):
    with pytest.raises(DataError, match=r"there is no .*cifar10-train\.tar\.gz; DATA must name"):
        script("gpu_cifar").load(tmp_path, "train", "cpu")


KNOWN = [f"gaussrep_{n}" for n in ("gaussiancross", "gmae", "models", "nerfstudio", "pytorch3d")]


def test_plugins_that_are_not_installed_are_found_by_their_metadata(script, tmp_path, monkeypatch):
    module = script("checkout_metadata")
    monkeypatch.setattr(module, "is_installed", lambda name: name == "gaussrep-rooms")
    module.main(tmp_path)
    found = {d.name: d for d in distributions(path=[str(tmp_path)])}
    assert "gaussrep-gmae" in found
    assert "gaussrep-rooms" not in found
    assert {name.replace("-", "_") for name in found} <= {n for n in KNOWN if find_spec(n)}
    (entry,) = found["gaussrep-gmae"].entry_points.select(group="gaussrep")
    assert entry.value == "gaussrep_gmae.plugin"
    assert any("timm" in need for need in found["gaussrep-gmae"].requires)
