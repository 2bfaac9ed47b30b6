"""The notebooks run from the first cell to the last."""

from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "examples").glob("*.ipynb"))
SHORTER = {"trainer.steps=200": "trainer.steps=2", '"steps": 800': '"steps": 2'}
"""Settings that take a minute, and their short replacements."""


def test_there_is_one_for_images_and_one_for_scenes():
    assert [path.stem for path in NOTEBOOKS] == ["images", "scenes"]


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_cell_runs(path, tmp_path):
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    text = path.read_text(encoding="utf-8")
    for long, short in SHORTER.items():
        text = text.replace(long.replace('"', r"\""), short.replace('"', r"\""))
    notebook = nbformat.reads(text, as_version=4)
    nbclient.NotebookClient(
        notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert (tmp_path / "runs").is_dir()
