import json

import pytest

LOSSES = {
    "date": "2026-01-02T03:04:05",
    "machine": {"cpu": "Some CPU", "cores": 2, "gpus": []},
    "definitions": {"garden": "a garden", "synthetic": "made up"},
    "results": [
        {
            "scene": "garden", "gaussians": 1000, "sh_degree": None, "suffix": ".spz",
            "settings": {"version": 2}, "bytes_per_gaussian": 16.04, "means": 0.000122,
            "scales": 0.0318, "degrees": 17.5, "opacities": 0.00196,
            "color": 3e-8, "sh": 0.0, "psnr": 41.23,
        },
        {
            "scene": "synthetic", "gaussians": 20, "sh_degree": 3, "suffix": ".glb",
            "settings": {}, "bytes_per_gaussian": 236.5, "means": 0.0, "scales": 1e-7,
            "degrees": 1e-6, "opacities": 0.0, "color": 0.0, "sh": 0.0,
            "psnr": 100.0,
        },
    ],
}  # fmt: skip
CHECK = {"file": ".ply", "writer": "gaussrep", "reader": "plyfile 1", "against": "it", "note": "x"}
READERS = {
    **{name: LOSSES[name] for name in ("date", "machine")},
    "gaussians": 1000,
    "sh_degree": 3,
    "checks": [
        {**CHECK, "difference": 0.000123, "agrees": True},
        {**CHECK, "difference": 3, "agrees": False},
    ],
}

SOG = {
    **{name: LOSSES[name] for name in ("date", "machine")},
    "definitions": {"garden": "a garden", "cpu": "of the program"},
    "repeats": 3,
    "results": [
        {
            "scene": "garden", "gaussians": 1000, "program": "gaussrep", "cpu": 2.488,
            "seconds": 5.73, "bytes": 1788757, "psnr": 58.69,
        },
        {
            "scene": "garden", "gaussians": 1000, "program": "gaussrep, PLY to PLY", "cpu": 2.25,
            "seconds": 2.5, "bytes": 9436504, "psnr": 100.0,
        },
    ],
}  # fmt: skip


@pytest.fixture
def page(script, tmp_path, monkeypatch):
    monkeypatch.setattr(script("tables.markdown"), "RESULTS", tmp_path)
    (tmp_path / "formats.json").write_text(json.dumps(LOSSES))
    (tmp_path / "format-readers.json").write_text(json.dumps(READERS))
    (tmp_path / "sog-speed.json").write_text(json.dumps(SOG))
    fill = script("pages").fill
    return lambda name: fill(f"<!-- table: {name} -->\n<!-- end -->").splitlines()[2:-2]


def cells(line):
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_losses(page):
    _, _, row, _, caption = page("formats-garden")
    shown = ["`.spz` version=2", "16.0", "41.2", "0.00012", "3.2 %", "17.50°", "0"]
    assert cells(row) == shown
    assert caption == "*a garden; Some CPU, 2 cores; 2026-01-02*"


def test_nothing_lost(page):
    row = page("formats-synthetic")[2]
    assert cells(row) == ["`.glb`", "236.5", "equal", "0", "0", "0", "0, 0"]


def test_readers(page):
    _, _, first, second, _, caption = page("format-readers")
    assert cells(first) == [".ply", "gaussrep", "plyfile 1", "it", "0.0001", "x"]
    assert cells(second)[4] == "**3**"
    assert caption == "*1,000 Gaussians, SH of degree 3; 2026-01-02*"


def test_sog_beside_another_program(page):
    head, _, row, _, caption = page("sog-speed")
    assert cells(head)[2:4] == ["processor seconds", "without start and reading"]
    assert cells(row) == ["garden", "gaussrep", "2.49", "0.238", "5.73", "1.79", "58.7"]
    assert caption.startswith("*garden: a garden; cpu: of the program; medians of 3; Some CPU")
