import errno
import json
import math
import os
import shutil
import signal
from importlib.metadata import version

import pytest
import torch
from metrics_rows import rows_of
from safetensors.torch import load_file

from gaussrep.errors import (
    ConfigError,
    DataError,
    PluginError,
    RunError,
    RunInterrupt,
    UnavailableError,
)
from gaussrep.training import loop, random_state, trackers
from gaussrep.training.run_folder import RunFolder
from gaussrep.training.run_lock import owned_run
from gaussrep.training.trainer import resume, train, train_or_resume

CONSTANT = ["trainer.schedule.min_lr=0.01", "trainer.schedule.warmup_fraction=0"]


@pytest.fixture(autouse=True)
def outer_random_state():
    before = random_state.capture()
    yield
    random_state.restore(before)


def losses_of(folder):
    return [float(row["loss"]) for row in rows_of(folder)]


def test_training_lowers_the_loss_and_fills_the_folder(tmp_path, configure):
    result = train(configure("trainer.steps=60"), tmp_path)
    losses = losses_of(tmp_path)
    assert sum(losses[-10:]) < 0.7 * sum(losses[:10])
    assert (result.run, result.method, result.steps, result.rank) == (tmp_path, "toy", 60, 0)
    assert result.loss == losses[-1]
    assert result.val_loss == float(rows_of(tmp_path)[-1]["val_loss"])
    found = {entry.name for entry in tmp_path.iterdir()}
    assert found == {
        *("user_config.yaml", "config.yaml", "versions.json", "origin.json"),
        *("metrics.csv", "model.safetensors", "checkpoints", "finished.json", ".lock"),
    }
    weights = load_file(tmp_path / "model.safetensors")
    latest = load_file(RunFolder(tmp_path).checkpoint(60) / "model.safetensors")
    assert weights.keys() == latest.keys()
    assert all(torch.equal(weights[name], latest[name]) for name in weights)


def test_the_same_seed_gives_the_same_run_and_another_does_not(tmp_path, configure):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        torch.rand(7)  # what was drawn before does not matter
        train(configure(f"seed={seed}"), tmp_path / name)
    assert rows_of(tmp_path / "a") == rows_of(tmp_path / "b")
    assert losses_of(tmp_path / "a") != losses_of(tmp_path / "c")


def test_loading_in_workers_changes_nothing(tmp_path, configure):
    train(configure(), tmp_path / "inside")
    train(configure("trainer.num_workers=1"), tmp_path / "workers")
    assert rows_of(tmp_path / "inside") == rows_of(tmp_path / "workers")


def test_validation_does_not_disturb_training(tmp_path, configure):
    train(configure("trainer.validate_every=1"), tmp_path / "often")
    result = train(configure("trainer.validate_every=0"), tmp_path / "never")
    assert losses_of(tmp_path / "often") == losses_of(tmp_path / "never")
    assert result.val_loss is None
    assert "val_loss" not in rows_of(tmp_path / "never")[0]


def test_accumulating_equals_a_larger_batch(tmp_path, configure):
    train(configure("trainer.batch_size=8", "method.noise=0"), tmp_path / "large")
    accumulate = ["trainer.batch_size=2", "trainer.gradient_accumulation_steps=4"]
    train(configure(*accumulate, "method.noise=0"), tmp_path / "small")
    assert losses_of(tmp_path / "small") == pytest.approx(losses_of(tmp_path / "large"), rel=1e-4)


def test_epochs_set_the_length(tmp_path, configure):
    result = train(configure("trainer.steps=null", "trainer.epochs=2", "data.samples=22"), tmp_path)
    assert result.steps == 10  # five whole batches of four in 22 samples, twice
    assert [row["epoch"] for row in rows_of(tmp_path)] == ["0"] * 5 + ["1"] * 5


@pytest.mark.parametrize("stop", [3, 5, 6, 10])
@pytest.mark.parametrize("more", [[], ["trainer.precision=bf16"], ["trainer.num_workers=1"]])
def test_a_resumed_run_is_one_that_never_stopped(tmp_path, configure, stop, more):
    """Stops in mid-epoch, at an epoch's end (5, 10) and at its last whole step."""
    quick = [
        "data.samples=22",
        *CONSTANT,
        *more,
    ]
    train(configure("trainer.steps=12", *quick), tmp_path / "whole")
    train(configure(f"trainer.steps={stop}", *quick), tmp_path / "parts")
    result = resume(tmp_path / "parts", ["trainer.steps=12"])
    whole = [strip_validation(row) for row in rows_of(tmp_path / "whole")]
    assert [strip_validation(row) for row in rows_of(tmp_path / "parts")] == whole
    assert result.steps == 12
    actual, expected = (
        load_file(tmp_path / name / "model.safetensors") for name in ("parts", "whole")
    )
    assert all(torch.equal(actual[name], expected[name]) for name in expected)


def strip_validation(row):
    """Drops what is measured after a last step and not in its middle."""
    return {name: value for name, value in row.items() if not name.startswith("val_")}


def test_fp16_resumes_with_its_loss_scale(tmp_path, configure):
    quick = [
        "trainer.precision=fp16",
        *CONSTANT,
    ]
    train(configure("trainer.steps=6", *quick), tmp_path / "whole")
    train(configure("trainer.steps=3", *quick), tmp_path / "parts")
    resume(tmp_path / "parts", ["trainer.steps=6"])
    assert losses_of(tmp_path / "parts") == losses_of(tmp_path / "whole")


def test_the_longer_length_is_remembered(tmp_path, configure):
    train(configure("trainer.steps=3"), tmp_path)
    resume(tmp_path, ["trainer.steps=5"])
    assert RunFolder(tmp_path).read_config().trainer.steps == 5
    with pytest.raises(RunError, match=r"is complete at step 5; .* more trainer\.steps"):
        resume(tmp_path)


def test_a_checkpoint_that_cannot_be_loaded_leaves_the_length(tmp_path, configure):
    train(configure("trainer.steps=3"), tmp_path)
    before = RunFolder(tmp_path).config_file.read_text()
    for checkpoint in RunFolder(tmp_path).checkpoints().values():
        (checkpoint / "training.pt").write_bytes(b"damaged")
    with pytest.raises(RunError, match=r"step-\d+ is damaged, and there is none before it"):
        resume(tmp_path, ["trainer.steps=5"])
    assert RunFolder(tmp_path).config_file.read_text() == before


@pytest.mark.parametrize("name", ["training.pt", "state.json", "model.safetensors"])
@pytest.mark.parametrize("content", [b"", b"[]"])
def test_a_damaged_checkpoint_gives_way_to_the_one_before(
    tmp_path, configure, capsys, name, content
):
    settings = ["trainer.checkpoint_every=2", "trainer.keep_last=9"]
    train(configure("trainer.steps=6", *settings), tmp_path / "whole")
    run = RunFolder(shutil.copytree(tmp_path / "whole", tmp_path / "damaged"))
    shutil.rmtree(run.latest_checkpoint())
    (run.latest_checkpoint() / name).write_bytes(content)
    resume(run.path)
    assert "step-00000004 is damaged and was renamed to" in capsys.readouterr().err
    assert losses_of(run.path) == losses_of(tmp_path / "whole")
    assert run.weights_file.read_bytes() == RunFolder(tmp_path / "whole").weights_file.read_bytes()


def test_a_run_killed_after_its_last_checkpoint_is_finished_by_resume(tmp_path, configure):
    wanted = train(configure("trainer.steps=5"), tmp_path)
    run = RunFolder(tmp_path)
    weights = run.weights_file.read_bytes()
    run.weights_file.unlink()
    (tmp_path / "finished.json").unlink()
    assert resume(tmp_path) == wanted
    assert run.weights_file.read_bytes() == weights
    with pytest.raises(RunError, match="is complete at step 5"):
        resume(tmp_path)


def test_one_process_at_a_time_writes_a_run(tmp_path, configure):
    train(configure("trainer.steps=3"), tmp_path)
    with owned_run(tmp_path):
        message = rf"is being written by another process \(process {os.getpid()} on "
        with pytest.raises(RunError, match=message):
            resume(tmp_path, ["trainer.steps=5"])
        with pytest.raises(RunError, match=message):
            train(configure("trainer.steps=3"), tmp_path, overwrite=True)
    assert resume(tmp_path, ["trainer.steps=5"]).steps == 5


@pytest.mark.parametrize("writer", ["torch.save", "gaussrep.training.checkpoint.save_model"])
def test_a_full_disk_is_one_sentence_and_loses_nothing(tmp_path, configure, monkeypatch, writer):
    train(configure("trainer.steps=3"), tmp_path)

    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(writer, fail)
        with pytest.raises(RunError, match=r"step-00000005: .*No space left .*make room"):
            resume(tmp_path, ["trainer.steps=5"])
    assert resume(tmp_path).steps == 5
    assert rows_of(tmp_path)[-1]["step"] == "5"


def test_a_metrics_table_on_a_full_disk_is_one_sentence(tmp_path, configure, monkeypatch):
    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("gaussrep.training.callbacks.MetricsCsv.on_log", fail)
    with pytest.raises(RunError, match=r"cannot write to .*: No space left on device; .* whole"):
        train(configure("trainer.steps=3"), tmp_path)


def test_what_a_killed_training_did_not_write_is_written(tmp_path, configure):
    """As after a kill between the last checkpoint and the copy of its weights."""
    config = configure("trainer.steps=4", "trainer.checkpoint_every=2")
    train_or_resume(config, tmp_path)
    weights = tmp_path / "model.safetensors"
    whole = weights.read_bytes()
    for stale in (None, RunFolder(tmp_path).checkpoint(2) / "model.safetensors"):
        weights.unlink()
        (tmp_path / "finished.json").unlink()
        if stale is not None:
            shutil.copy(stale, weights)
        train_or_resume(config, tmp_path)
        assert weights.read_bytes() == whole


def test_a_run_of_other_versions_says_so(tmp_path, configure, capsys):
    train(configure("trainer.steps=3"), tmp_path)
    resume(tmp_path, ["trainer.steps=4"])
    assert "was started with" not in capsys.readouterr().err
    file = tmp_path / "versions.json"
    versions = json.loads(file.read_text())
    versions["packages"]["torch"] = "1.0"
    versions["plugins"]["gaussrep-toy"] = "99.0"
    file.write_text(json.dumps(versions))
    resume(tmp_path, ["trainer.steps=5"])
    printed = capsys.readouterr().err
    assert (
        f"started with gaussrep-toy 99.0 (now 1.0), torch 1.0 (now {version('torch')})" in printed
    )
    file.write_text("[")
    resume(tmp_path, ["trainer.steps=6"])


def test_a_full_disk_at_the_start_is_one_sentence(tmp_path, configure, monkeypatch):
    train(configure("trainer.steps=3"), tmp_path)

    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr("gaussrep.training.run_lock.write_json", fail)
        full.setattr(RunFolder, "write_config", fail)
        with pytest.raises(RunError, match=r"cannot write to .*: No space left .*resume the run"):
            resume(tmp_path, ["trainer.steps=5"])
    assert resume(tmp_path, ["trainer.steps=5"]).steps == 5


def test_the_best_checkpoint_of_an_older_run_stays(tmp_path, configure):
    """Checkpoints of b960736 hold the states of callbacks by the names of their classes."""
    run = RunFolder(tmp_path)
    train(configure("trainer.keep_last=1", "method.noise=9", "trainer.steps=3"), tmp_path)
    file = run.latest_checkpoint() / "training.pt"
    tensors = torch.load(file, weights_only=True)
    tensors["others"] = {"Checkpointing": {"best": {"step": 3, "loss": 0.0}}}
    torch.save(tensors, file)
    resume(tmp_path, ["trainer.steps=9"])
    assert list(run.checkpoints()) == [3, 9]


def make_older(run, processes, **state_of_then):
    """Write the latest checkpoint as a gaussrep did whose batches were sizes per process."""
    checkpoint = run.latest_checkpoint()
    tensors = torch.load(checkpoint / "training.pt", weights_only=True)
    torch.save(
        {**tensors, "random": [random_state.capture()] * processes}, checkpoint / "training.pt"
    )
    state = json.loads((checkpoint / "state.json").read_text())
    state = {name: state[name] for name in ("step", "epoch", "samples", "best", "steps")}
    (checkpoint / "state.json").write_text(json.dumps({**state, **state_of_then}))


def test_an_older_run_of_one_process_is_resumed(tmp_path, configure):
    train(configure("trainer.steps=3"), tmp_path)
    make_older(RunFolder(tmp_path), processes=1)
    assert resume(tmp_path, ["trainer.steps=6"]).steps == 6


def test_an_older_run_of_several_processes_is_refused_with_the_cure(tmp_path, configure):
    train(configure("trainer.steps=3"), tmp_path)
    run = RunFolder(tmp_path)
    make_older(run, processes=2)
    with pytest.raises(RunError, match=r"trained in 2 processes .* --from starts a new run"):
        resume(tmp_path, ["trainer.steps=6"])
    make_older(run, processes=2, samples_per_step=8)
    with pytest.raises(RunError, match=r"had 8 samples, but its settings make 4: .* set it to 8 "):
        resume(tmp_path, ["trainer.steps=6"])
    settings = run.config_file.read_text()
    run.config_file.write_text(settings.replace("batch_size: 4", "batch_size: 8"))
    assert resume(tmp_path, ["trainer.steps=6"]).steps == 6


def test_a_checkpoint_of_a_newer_gaussrep_is_refused(tmp_path, configure):
    train(configure("trainer.steps=3"), tmp_path)
    file = RunFolder(tmp_path).latest_checkpoint() / "state.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "version": 99}))
    with pytest.raises(RunError, match="written by a newer gaussrep; update gaussrep"):
        resume(tmp_path, ["trainer.steps=6"])


def test_a_run_killed_before_its_first_checkpoint_can_be_resumed(tmp_path, configure):
    with pytest.raises(RunError):
        train(configure("method.nan_at=2", "trainer.max_skipped_steps=0"), tmp_path)
    assert list(RunFolder(tmp_path).checkpoints()) == [0]


def test_a_loss_that_is_not_finite_stops_the_run_at_its_last_checkpoint(tmp_path, configure):
    with pytest.raises(RunError, match=r"loss was not finite at step 5; .* keeps its last check"):
        train(configure("method.nan_at=5", "trainer.max_skipped_steps=0"), tmp_path)
    assert max(RunFolder(tmp_path).checkpoints()) == 3
    assert all(math.isfinite(loss) for loss in losses_of(tmp_path)[:-1])
    assert all(w.isfinite().all() for w in load_file(tmp_path / "model.safetensors").values())


def test_from_starts_a_new_run_from_the_weights(tmp_path, configure):
    train(configure("trainer.steps=60"), tmp_path / "first")
    result = train(configure(), tmp_path / "second", start_from=tmp_path / "first")
    rows = rows_of(tmp_path / "second")
    assert [row["step"] for row in rows] == ["1", "2", "3", "4", "5", "6"]
    fresh = train(configure(), tmp_path / "fresh")
    assert result.val_loss is not None
    assert fresh.val_loss is not None
    assert result.val_loss < fresh.val_loss


def test_from_needs_weights_that_fit(tmp_path, configure):
    train(configure(), tmp_path / "first")
    with pytest.raises(RunError, match="do not fit Toy"):
        train(configure("method.width=9"), tmp_path / "b", start_from=tmp_path / "first")
    with pytest.raises(RunError, match="cannot both hold the weights"):
        train(configure(), tmp_path / "first", start_from=tmp_path / "first", overwrite=True)


def test_what_cannot_be_trained_leaves_no_folder(tmp_path, configure, monkeypatch):
    run = tmp_path / "run"
    with pytest.raises(DataError, match="validation split is empty"):
        train(configure("data.held_out=0"), run)
    with pytest.raises(DataError, match="fewer than the 4 of one step"):
        train(configure("data.samples=3"), run)
    with pytest.raises(PluginError, match="not a gaussrep Method"):
        train(configure("method=not-a-method"), run)
    monkeypatch.setattr(trackers, "find_spec", lambda _: None)
    with pytest.raises(UnavailableError, match="pip install"):
        train(configure("trainer.tensorboard=true"), run)
    assert not run.exists()


def test_a_failing_run_does_not_cost_the_run_it_would_replace(tmp_path, configure):
    train(configure(), tmp_path)
    with pytest.raises(DataError):
        train(configure("data.samples=3"), tmp_path, overwrite=True)
    assert (tmp_path / "model.safetensors").exists()


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("trainer.lr=1", r"trainer\.lr is 0\.01 in .* cannot become 1"),
        ("seed=3", "seed is 0"),
        ("method.width=4", r"method\.width is 8"),
        ("trainer.steps=2", r"trainer\.steps is 6 and cannot shrink to 2"),
        ("trainer.stepps=9", "stepps"),
    ],
)
def test_resume_refuses_to_become_another_run(tmp_path, configure, override, message):
    train(configure(), tmp_path)
    with pytest.raises(ConfigError, match=message):
        resume(tmp_path, [override])


def test_resume_accepts_what_reports_the_same(tmp_path, configure):
    train(configure(), tmp_path)
    assert resume(tmp_path, ["trainer.lr=0.01", "trainer.steps=7"]).steps == 7


def test_an_interruption_reports_the_last_checkpoint(tmp_path, configure, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("gaussrep.training.loop.make_step", interrupt)
    with pytest.raises(RunInterrupt, match="step 0 of 6 is saved") as caught:
        train(configure(), tmp_path)
    assert caught.value.run == tmp_path


def test_a_signal_stops_after_a_whole_step(tmp_path, configure, monkeypatch):
    step = loop.make_step

    def signaled(state, batches):
        if state.step == 3:
            signal.raise_signal(signal.SIGINT)
        return step(state, batches)

    before = signal.getsignal(signal.SIGINT)
    with monkeypatch.context() as patch:
        patch.setattr(loop, "make_step", signaled)
        with pytest.raises(RunInterrupt, match="step 4 of 6 is saved"):
            train(configure("trainer.checkpoint_every=5"), tmp_path / "stopped")
    assert signal.getsignal(signal.SIGINT) is before
    resume(tmp_path / "stopped")
    train(configure("trainer.checkpoint_every=5"), tmp_path / "whole")
    files = [tmp_path / name / "model.safetensors" for name in ("stopped", "whole")]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_an_error_of_another_file_is_not_the_runs(tmp_path, configure, monkeypatch):
    def fail(*_):
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "photo.png"))

    monkeypatch.setattr("gaussrep.training.callbacks.MetricsCsv.on_log", fail)
    with pytest.raises(PermissionError, match=r"photo\.png"):
        train(configure("trainer.steps=3"), tmp_path / "run")
