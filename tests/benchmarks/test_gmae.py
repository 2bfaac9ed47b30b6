import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import gmae
from gaussrep.building import build
from gaussrep.gaussians import Gaussians
from gmae_cost import table
from gmae_cost.cell import SIZES, Cell, Size
from gmae_cost.drawing import drawing_call, largest
from harness.processes import BenchmarkError

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "gmae.py"
MAE = {"step": {"median_ms": 200.0, "min_ms": 190.0, "max_ms": 210.0}, "images_per_second": 5.0}
MAE |= {"peak_mb": 700.0, "before_mb": 500.0, "threads": 1}
GMAE = {**MAE, "render": {"median_ms": 4.0}, "render_at_limit": {"median_ms": 54.0}}


def cell(queries):
    return Cell(Size.SMALL, queries, 2, 1, None, "cpu", "fp32")


SMALL = {"width": 32, "depth": 2, "heads": 2}


@pytest.fixture
def make_method():
    """GMAE with its first weights, always from the same seed."""

    def make(**settings):
        shared = {"image_size": 32, "patch_size": 8, "encoder": SMALL, "decoder": SMALL}
        own = {"queries": 20, "renderer": "reference"}
        torch.manual_seed(0)
        return build("methods", {"type": "gmae", **shared, **own, **settings})

    return make


@pytest.fixture
def images():
    return torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def measured(monkeypatch):
    """Measurements made up; 13 queries fail."""

    def fake(module, text):
        queries = Cell.from_json(text).queries
        if queries == 13:
            raise BenchmarkError("MemoryError")
        return dict(MAE) if queries is None else dict(GMAE)

    monkeypatch.setattr(table, "run_in_subprocess", fake)


def test_drawing_alone_gives_the_gradients_of_the_training_step(make_method, images, monkeypatch):
    method = make_method()
    torch.manual_seed(3)
    visible = method.random_visible(len(images))
    with torch.no_grad():
        gaussians = method.decode(images, visible)
    leaves = {name: t.clone().requires_grad_() for name, t in gaussians.tensors()}
    monkeypatch.setattr(method, "decode", lambda *_: Gaussians(**leaves))
    monkeypatch.setattr(method, "random_visible", lambda *_: visible)
    method.training_loss({"image": images}).loss.backward()
    found = drawing_call(method, gaussians, images, visible)()
    for leaf, gradient in zip(leaves.values(), found, strict=True):
        torch.testing.assert_close(gradient, leaf.grad)


def test_the_largest_gaussians_have_the_limit_of_the_scale(make_method, images):
    method = make_method(max_scale=0.5)
    gaussians = method.gaussians({"image": images})
    found = largest(method, gaussians)
    assert (found.scales == 0.5 / 8).all()
    assert (found.scales > gaussians.scales).all()
    assert torch.equal(found.means, gaussians.means)


def test_a_cell_travels_as_json_and_names_its_method():
    assert Cell.from_json(cell(147).to_json()) == cell(147)
    assert cell(147).settings == {"type": "gmae", "queries": 147, **SIZES[Size.SMALL]}
    assert cell(None).settings == {"type": "mae", **SIZES[Size.SMALL]}


@pytest.mark.usefixtures("measured")
def test_ratios():
    mae, gmae = table.run([cell(None), cell(147)])
    assert "step_over_mae" not in mae
    assert gmae["step_over_mae"] == 1.0
    assert gmae["render_share"] == 4 / 200
    assert gmae["render_at_limit_share"] == 54 / 250
    assert table.row(gmae)[-4:] == ["4.0", "2.00%", "21.60%", "700"]
    assert len(table.row(mae)) == len(table.row(gmae)) == len(table.HEADERS)


@pytest.mark.usefixtures("measured")
def test_what_fails_costs_only_its_own_row():
    failed, gmae = list(table.run([cell(None), cell(13), cell(64)]))[1:]
    assert failed == {"method": "gmae", "queries": 13, "skipped": "MemoryError"}
    assert table.row(failed)[:3] == ["gmae", "13", "skipped"]
    assert len(table.row(failed)) == len(table.HEADERS)
    assert gmae["render_share"] == 0.02


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--queries", "64,x"], "--queries is '64,x', expected numbers such as 1,2."),
        (["--out", "none/out.json"], "there is no folder none"),
        (["--device", "cuda"], "--device is cuda, but torch sees no CUDA device"),
    ],
)
def test_mistakes_are_one_line(monkeypatch, run_main, arguments, words):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    done = run_main(gmae.main, *arguments)
    assert done.exit_code == 2
    assert done.stderr.startswith("error: ")
    assert words in done.stderr


@pytest.mark.slow
def test_a_small_measurement(tmp_path):
    out = tmp_path / "out.json"
    command = [sys.executable, str(SCRIPT), "--size", "tiny", "--batch", "1", "--queries", "4"]
    command += ["--repeats", "1", "--threads", "1", "--out", str(out)]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "COLUMNS": "200"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == [
        "method", "mae", "gmae", "Results:",
    ]  # fmt: skip
    found = json.loads(out.read_text())
    mae, gmae = found["results"]
    assert (mae["method"], mae["queries"]) == ("mae", None)
    assert (gmae["method"], gmae["queries"], gmae["threads"]) == ("gmae", 4, 1)
    assert "render" not in mae
    assert 0 < gmae["render_share"] < 1
    assert 0 < gmae["before_mb"] <= gmae["peak_mb"]
    assert len(gmae["step"]["times_ms"]) == 1
    assert found["settings"]["model"]["image_size"] == 32
    assert found["machine"]["cores"] >= 1
    assert {"step", "render", "render_at_limit", "memory"} <= found["definitions"].keys()


def test_help_names_the_options():
    command = [sys.executable, str(SCRIPT), "--help"]
    ran = subprocess.run(
        command, capture_output=True, text=True, env=os.environ | {"COLUMNS": "200"}, check=False
    )
    assert ran.returncode == 0, ran.stderr
    for option in ("--size", "--batch", "--queries", "--threads", "--precision", "--device"):
        assert option in ran.stdout
