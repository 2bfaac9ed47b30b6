"""The Python examples of the README and the documentation run as they stand."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gaussrep.cli.main import app

ROOT = Path(__file__).parents[2]
TESTED_ELSEWHERE = {"docs/examples.md", "docs/write-a-plugin.md"}
"""Pages whose blocks are scripts of `examples/` or the files of a distribution."""
PAGES = sorted(
    page.relative_to(ROOT).as_posix()
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    if "```python\n" in page.read_text(encoding="utf-8")
)
SHORTER = {"steps=2000": "steps=2", "processes=2": "processes=1"}
"""What would take minutes, and what a test does in its place."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with what the pages take for granted: runs, and somebody's pictures."""
    folder = tmp_path_factory.mktemp("docs")
    small = "{width: 16, depth: 1, heads: 1}"
    settings = [f"method.encoder={small}", f"method.decoder={small}", "trainer.batch_size=2"]
    settings += ["trainer.steps=1", "trainer.tensorboard=false"]
    for run in ("runs/demo", "runs/mine"):
        arguments = ["train", "gmae", "--preset", "demo", "--run", str(folder / run), *settings]
        app(arguments, standalone_mode=False)
    pixels = np.random.default_rng(0).integers(0, 255, (80, 80, 3), dtype=np.uint8)
    for name in ("photos", "pets/train/cat", "pets/train/dog", "pets/val/cat", "pets/val/dog"):
        (folder / name).mkdir(parents=True)
        Image.fromarray(pixels).save(folder / name / "one.png")
    return folder


@pytest.fixture
def names(folder, monkeypatch):
    """What the pages speak of without making it."""
    monkeypatch.chdir(folder)
    strength = np.random.default_rng(1).random((20, 30)).astype(np.float32)
    return {
        "images": torch.rand(2, 3, 64, 64),
        "strength": strength,
        "annotations": strength[None] > 0.9,
    }


@pytest.fixture
def rooms(folder):
    """Rooms in the layout of ScanNet."""
    sizes = ["--scenes", "2", "--val", "1", "--frames", "5", "--height", "24", "--width", "32"]
    command = ["make-rooms", str(folder / "data/scannet"), *sizes, "--points", "3000"]
    app(command, standalone_mode=False)


@pytest.fixture
def exported(folder, names):
    """An encoder that timm loads."""
    names["timm"] = pytest.importorskip("timm")
    command = ["export-vit", str(folder / "runs/demo"), str(folder / "FOLDER")]
    app(command, standalone_mode=False)


@pytest.fixture
def pytorch3d():
    """A library that no package index has."""
    pytest.importorskip("pytorch3d", reason="needs PyTorch3D")


NEEDS = {
    "docs/scenes.md": "rooms",
    "docs/gmae.md": "exported",
    "docs/pytorch3d.md": "pytorch3d",
}


@pytest.mark.parametrize("page", [page for page in PAGES if page not in TESTED_ELSEWHERE])
def test_the_code_of_a_page_runs(page, blocks, names, request):
    if page in NEEDS:
        request.getfixturevalue(NEEDS[page])
    code = "\n\n".join(blocks(page))
    for long, short in SHORTER.items():
        code = code.replace(long, short)
    exec(code, names)
    if page == "README.md":
        assert names["out"].color.shape == (1, 240, 320, 3)
        assert torch.isfinite(names["features"]).all()
        (record,) = names["register_losses"]()
        assert record.name == "huber"
