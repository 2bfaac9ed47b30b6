"""A fit of b960736, stopped at step 17 of 30, goes on with the numbers of one that was not stopped.

`older_fit/run` is its folder and `older_fit/whole.csv` the table of the other.
"""

import csv
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

import gaussrep as gr
from gaussrep.cli.main import app
from gaussrep.errors import ConfigError, RunError
from gaussrep.fitting.migrate import migrate_fit
from gaussrep.fitting.run_fit import resume_fit
from gaussrep.training.run_folder import RunFolder

OLDER = Path(__file__).parent / "older_fit"
MEASURED = ("loss", "l1", "ssim", "depth", "val_psnr", "val_ssim")


@pytest.fixture
def run(tmp_path):
    shutil.copytree(OLDER / "run", tmp_path / "run")
    return RunFolder(tmp_path / "run")


def rows(file):
    with file.open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_a_converted_fit_goes_on_with_the_same_numbers(run):
    with pytest.raises(RunError, match=f"convert it with: gaussrep migrate {run.path}"):
        resume_fit(run.path)
    result = CliRunner().invoke(app, ["migrate", str(run.path)])
    assert result.exit_code == 0, result.output
    assert f"{run.checkpoint(13)} was converted" in result.stdout
    assert "config.yaml: rates was renamed to learning_rates" in result.stdout
    assert gr.load_run(run.path).scene.count == 60
    resume_fit(run.path)
    found, expected = rows(run.metrics_file), rows(OLDER / "whole.csv")
    for name in ("step", "gaussians", "sh_degree"):
        assert [row[name] for row in found] == [row[name] for row in expected]
    for name in MEASURED:
        wanted = [float(row[name] or 0) for row in expected]
        # the kernels of 2026-11-29 round otherwise than those that wrote the table
        assert [float(row[name] or 0) for row in found] == pytest.approx(wanted, rel=1e-3)
    assert {path.name for path in run.path.iterdir()} >= {
        "calibration.json", "config.yaml.old", "metrics.json", "scene.ply", "user_config.yaml",
    }  # fmt: skip
    again = CliRunner().invoke(app, ["migrate", str(run.path)])
    assert again.stdout == f"{run.path} needs no conversion\n"


def test_an_interrupted_conversion_is_started_again(run):
    original = run.config_file.read_bytes()
    migrate_fit(run)
    weights = run.weights_file.read_bytes()
    run.config_file.write_bytes(original)
    lines = migrate_fit(run)
    assert not [line for line in lines if "step-" in line]
    assert lines[-1].endswith("the original is config.yaml.old2")
    assert run.weights_file.read_bytes() == weights
    assert run.read_config().method.type == "fit"


def test_a_missing_capture_changes_nothing(run, tmp_path):
    text = run.config_file.read_text(encoding="utf-8")
    run.config_file.write_text(text.replace("path: synthetic:balls", f"path: {tmp_path / 'no'}"))
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    with pytest.raises(ConfigError, match="this is not a capture"):
        migrate_fit(run)
    assert {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()} == before


def test_the_cache_of_a_recording_and_the_device_are_kept(run, tiny_capture, monkeypatch):
    text = run.config_file.read_text(encoding="utf-8")
    text = text.replace("cache: null", "cache: clouds").replace("device: cpu", "device: cuda:1")
    run.config_file.write_text(text, encoding="utf-8")
    monkeypatch.setattr("gaussrep.fitting.migrate.open_capture", lambda _: tiny_capture)
    migrate_fit(run)
    config = run.read_config()
    assert config.data.capture.type == "recording"
    assert config.data.capture.cache == "clouds"
    assert config.trainer.device == "cuda"
