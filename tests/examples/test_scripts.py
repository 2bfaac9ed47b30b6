"""The short example scripts run, and their images show what they should."""

import re
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import gaussrep as gr
from gaussrep.fitting.synthetic import known_scene

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "examples.md").read_text(encoding="utf-8")
LARGEST = 200_000
"""Bytes of an image on the page."""


def pixels(path):
    return np.asarray(Image.open(path), dtype=float) / 255


def test_every_script_is_on_the_page():
    scripts = {file.stem for file in (ROOT / "examples").glob("*.py")}
    assert set(re.findall(r"<!-- example: (\w+) -->", PAGE)) == scripts


@pytest.mark.parametrize("script", sorted((ROOT / "examples").glob("*.py")), ids=lambda f: f.stem)
def test_a_script_without_a_folder_says_how_to_call_it(script, monkeypatch):
    monkeypatch.setattr(sys, "argv", [str(script)])
    with pytest.raises(SystemExit, match=f"python examples/{script.name} OUT"):
        runpy.run_path(str(script), run_name="__main__")


def test_images_of_scripts_are_small():
    images = re.findall(r"\((assets/example-[\w-]+\.png)\)", PAGE)
    assert len(images) >= 3
    assert all((ROOT / "docs" / name).stat().st_size < LARGEST for name in images)


def test_render(example, tmp_path):
    example("render").main(tmp_path, size=24)
    sheet = pixels(tmp_path / "render.png")
    assert sheet.shape == (48, 72, 3)
    color, depth = sheet[:24], sheet[24:]
    assert color[0, 0] == pytest.approx(1)
    assert np.ptp(color, axis=-1).max() > 0.3
    assert np.ptp(depth, axis=-1).max() == 0
    assert depth.max() == pytest.approx(1, abs=0.01)
    assert gr.load(tmp_path / "scene.ply").count == known_scene().count


def test_fit_image(example, tmp_path, capsys):
    ramp = np.linspace(0, 255, 32).astype(np.uint8)
    Image.fromarray(np.tile(ramp[:, None], (1, 32))).save(tmp_path / "in.png")
    script = example("fit_image")
    script.SIZE = 32
    script.main(tmp_path, tmp_path / "in.png", count=60, steps=40)
    first, last = (float(line.split()[-1]) for line in capsys.readouterr().out.splitlines())
    assert last < first / 3
    target, _, fitted = np.split(pixels(tmp_path / "fit.png"), 3, axis=1)
    assert np.abs(target - fitted).mean() == pytest.approx(last, abs=0.02)


def test_write_a_renderer(example, tmp_path):
    script = example("write_a_renderer")
    script.main(tmp_path, size=32)
    classic, own = np.split(pixels(tmp_path / "renderer.png"), 2, axis=1)
    assert np.abs(classic - own).mean() < 0.1
    assert np.abs(classic - own).max() > 0.1
    near, far = torch.tensor([[0.0, 0, 2]]), torch.tensor([[0.0, 0, 4]])
    red, blue = torch.tensor([[1.0, 0, 0]]), torch.tensor([[0.0, 0, 1]])
    shape = {"quats": torch.ones(2, 4), "scales": torch.ones(2, 3), "opacities": torch.ones(2)}
    scene = gr.Gaussians(torch.cat([far, near]), colors=torch.cat([blue, red]), **shape)
    K = torch.tensor([[4.0, 0, 4], [0, 4, 4], [0, 0, 1]])
    seen = script.NearestRenderer().render(scene, gr.Cameras(torch.eye(4)[None], K[None], 8, 8))
    assert seen.color[0, 4, 4].tolist() == [1, 0, 0]
    assert seen.depth[0, 4, 4] == 2


@pytest.mark.slow
def test_find_focal_length(example, tmp_path):
    ratio = example("find_focal_length").main(tmp_path, guess=1.1, steps=200, size=32)
    assert 0.95 < ratio < 1.05


@pytest.mark.slow
def test_find_poses(example, tmp_path):
    before, after = example("find_poses").main(tmp_path, degrees=2.0, steps=300, size=32)
    assert 0.3 < before < 3
    assert after < 0.7 * before


@pytest.mark.slow
def test_pretrain_gmae(example, tmp_path, capsys):
    small = "{width: 16, depth: 1, heads: 1}"
    tiny = [f"method.encoder={small}", f"method.decoder={small}", "trainer.batch_size=2"]
    tiny += ["trainer.device=cpu", "data.samples=8", "data.val_samples=4"]
    example("pretrain_gmae").main(tmp_path, 2, *tiny)
    assert "psnr" in capsys.readouterr().out.lower()
    assert (tmp_path / "run" / "report.html").is_file()
