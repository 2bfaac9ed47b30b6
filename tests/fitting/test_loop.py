import csv
import json

import pytest
import torch
from rich.console import Console

import gaussrep as gr
from gaussrep.errors import RunError
from gaussrep.fitting import fit
from gaussrep.fitting.capture import Capture
from gaussrep.fitting.fit_folder import open_folder
from gaussrep.fitting.fitting import Fitting
from gaussrep.training.run_folder import RunFolder


@pytest.fixture
def quiet():
    return Console(quiet=True)


def rows(run):
    with run.metrics_file.open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def without_speed(run):
    return [{k: v for k, v in row.items() if k != "steps_per_second"} for row in rows(run)]


def test_leaves_a_scene_metrics_and_one_checkpoint(tiny_capture, tiny_config, tmp_path, quiet):
    config = tiny_config()
    run = RunFolder.create(tmp_path / "run", config, {"data": "tiny"})
    result = fit(tiny_capture, config, run, console=quiet)
    scene = gr.load(result.scene)
    assert scene.count == result.gaussians == 30
    assert scene.sh_degree == 1
    assert [int(row["step"]) for row in rows(run)] == [10, 20, 30, 40, 50, 60]
    measured = [row["step"] for row in rows(run) if row["val_psnr"]]
    assert measured == ["30", "60"]
    assert list(run.checkpoints()) == [60]
    saved = json.loads((run.path / "fidelity.json").read_text(encoding="utf-8"))
    assert saved == {"psnr": result.fidelity.psnr, "ssim": result.fidelity.ssim}
    assert float(rows(run)[-1]["val_psnr"]) == result.fidelity.psnr


def test_the_file_draws_what_was_measured(tiny_capture, tiny_config, tmp_path, quiet):
    config = tiny_config()
    run = RunFolder.create(tmp_path / "run", config, {})
    result = fit(tiny_capture, config, run, console=quiet)
    views = tiny_capture.held_out
    drawn = gr.render(gr.load(result.scene), views.cameras).color.clamp(0, 1)
    error = (drawn - views.colors).square().mean()
    assert -10 * error.log10().item() == pytest.approx(result.fidelity.psnr, abs=0.01)


def test_a_resumed_fit_ends_as_one_that_was_never_stopped(
    tiny_capture, tiny_config, tmp_path, quiet, monkeypatch
):
    config = tiny_config()
    whole = RunFolder.create(tmp_path / "whole", config, {})
    fit(tiny_capture, config, whole, console=quiet)
    stopped = RunFolder.create(tmp_path / "stopped", config, {})
    make_step = Fitting.make_step

    def stop(self):
        if self.step == 35:
            raise KeyboardInterrupt
        return make_step(self)

    with monkeypatch.context() as patch:
        patch.setattr(Fitting, "make_step", stop)
        with pytest.raises(KeyboardInterrupt):
            fit(tiny_capture, config, stopped, console=quiet)
    assert list(stopped.checkpoints()) == [20]
    run, again = open_folder(stopped.path)
    assert again == config
    fit(tiny_capture, again, run, resume=True, console=quiet)
    assert without_speed(run) == without_speed(whole)
    first, second = (gr.load(folder.path / "scene.ply") for folder in (whole, run))
    assert torch.equal(first.means, second.means)


def test_a_complete_fit_is_not_resumed(tiny_capture, tiny_config, tmp_path, quiet):
    config = tiny_config("steps=2")
    run = RunFolder.create(tmp_path / "run", config, {})
    fit(tiny_capture, config, run, console=quiet)
    with pytest.raises(RunError, match="complete at step 2"):
        fit(tiny_capture, config, run, resume=True, console=quiet)


def test_works_with_nothing_held_out(tiny_capture, tiny_config, tmp_path, quiet):
    config = tiny_config("steps=2")
    run = RunFolder.create(tmp_path / "run", config, {})
    assert fit(Capture(tiny_capture.train), config, run, console=quiet).fidelity is None


def test_a_folder_is_overwritten_only_when_told(tiny_capture, tiny_config, tmp_path, quiet):
    config = tiny_config("steps=2")
    run = RunFolder.create(tmp_path / "run", config, {})
    fit(tiny_capture, config, run, console=quiet)
    (run.path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(RunError, match="already holds a run"):
        RunFolder.create(run.path, config, {})
    RunFolder.create(run.path, config, {}, overwrite=True)
    left = {path.name for path in run.path.iterdir()}
    assert left == {"config.yaml", "user_config.yaml", "versions.json", "notes.txt"}


@pytest.mark.parametrize("terminal", [True, False])
def test_shows_how_far_it_is(tiny_capture, tiny_config, tmp_path, terminal):
    config = tiny_config("steps=20", "log_every=10", "evaluate_every=20")
    run = RunFolder.create(tmp_path / "run", config, {})
    with (tmp_path / "screen").open("w", encoding="utf-8") as screen:
        console = Console(file=screen, force_terminal=terminal, width=160)
        fit(tiny_capture, config, run, console=console)
    shown = (tmp_path / "screen").read_text(encoding="utf-8")
    assert "20/20" in shown
    assert "held out" in shown
    assert ("step 10/20  loss" in shown) is not terminal
