import json
from types import SimpleNamespace

import pytest

from gaussrep.training.callbacks import Checkpointing
from gaussrep.training.run_folder import RunFolder
from gaussrep.training.train_state import SkippedSteps, TrainState


class FakeTraining(TrainState):
    """A run whose checkpoints are folders with nothing but the best so far."""

    def __init__(self, folder, validate_every=1, keep_last=2, steps=100):
        self.config = SimpleNamespace(
            checkpoint_every=10,
            checkpoint_minutes=None,
            keep_last=keep_last,
            validate_every=validate_every,
        )
        self.engine = SimpleNamespace(is_main=True, wait=lambda: None, any=bool)
        self.method = SimpleNamespace(export=lambda folder: None)
        self.run = RunFolder(folder)
        self.step, self.last = 0, steps
        self.skipped = SkippedSteps()

    @property
    def steps(self):
        return self.last

    def save(self, others, best):
        folder = self.run.checkpoint(self.step)
        folder.mkdir(parents=True)
        (folder / "state.json").write_text(json.dumps(best))

    def write_weights(self):
        self.run.weights_file.write_text(str(self.step))

    def kept(self):
        return list(self.run.checkpoints())


def follow(training, callback, losses, name="val_loss"):
    """Make one step for each loss."""
    for loss in losses:
        training.step += 1
        row = {"loss": 9.0, name: loss} if loss is not None else {"loss": 9.0}
        callback.on_step(training, row)


@pytest.fixture
def callback():
    return Checkpointing({})


def test_the_first_checkpoint_comes_before_the_first_step(tmp_path, callback):
    training = FakeTraining(tmp_path)
    callback.on_start(training)
    assert training.kept() == [0]


def test_a_resumed_run_does_not_write_it_again(tmp_path, callback):
    training = FakeTraining(tmp_path)
    training.step = 20
    callback.on_start(training)
    assert training.kept() == []


def test_the_last_two_and_the_best_stay(tmp_path, callback):
    training = FakeTraining(tmp_path)
    callback.on_start(training)
    follow(training, callback, [5.0] * 19 + [1.0] + [3.0] * 40)
    assert training.kept() == [20, 50, 60]
    best = json.loads((training.run.checkpoint(60) / "state.json").read_text())
    assert best == {"step": 20, "loss": 1.0}


def test_a_better_one_takes_the_best_ones_place(tmp_path, callback):
    training = FakeTraining(tmp_path, keep_last=1)
    callback.on_start(training)
    follow(training, callback, [9 - step / 10 for step in range(50)])
    assert training.kept() == [50]


def test_only_steps_that_were_measured_compete(tmp_path, callback):
    training = FakeTraining(tmp_path, keep_last=1)
    callback.on_start(training)
    follow(training, callback, [2.0] * 10 + [None] * 10 + [3.0] * 10)
    assert training.kept() == [10, 30]


def test_without_validation_the_mean_training_loss_decides(tmp_path, callback):
    training = FakeTraining(tmp_path, validate_every=0, keep_last=1)
    callback.on_start(training)
    follow(training, callback, [1.0] * 10 + [5.0] * 9 + [0.0] + [3.0] * 10, name="loss")
    assert training.kept() == [10, 30]


def test_a_loss_that_is_not_a_number_is_never_the_best(tmp_path, callback):
    training = FakeTraining(tmp_path)
    follow(training, callback, [float("nan")] * 10)
    assert callback.state_dict()["best"] is None
    follow(training, callback, [4.0] * 10)
    assert callback.state_dict()["best"] == {"step": 20, "loss": 4.0}


def test_the_last_step_is_always_saved(tmp_path, callback):
    training = FakeTraining(tmp_path, steps=13)
    follow(training, callback, [1.0] * 13)
    assert training.kept() == [10, 13]


def test_the_best_survives_a_resume(tmp_path, callback):
    training = FakeTraining(tmp_path, keep_last=1)
    follow(training, callback, [1.0] * 10)
    resumed = Checkpointing({})
    resumed.load_state_dict(callback.state_dict())
    follow(training, resumed, [2.0] * 20)
    assert training.kept() == [10, 30]


def test_leftovers_of_a_killed_run_are_removed(tmp_path, callback):
    training = FakeTraining(tmp_path)
    leftover = training.run.checkpoints_folder / ".step-00000010.tmp"
    leftover.mkdir(parents=True)
    callback.on_start(training)
    assert not leftover.exists()


def test_a_stop_in_between_saves_and_changes_no_score(tmp_path, callback):
    training = FakeTraining(tmp_path, validate_every=0, keep_last=1)
    follow(training, callback, [8.0] * 3, name="loss")
    training.stopping = True
    follow(training, callback, [4.0], name="loss")
    assert training.kept() == [4]
    resumed = Checkpointing({})
    resumed.load_state_dict(callback.state_dict())
    training.stopping = False
    follow(training, resumed, [1.0] * 6, name="loss")
    assert resumed.state_dict()["best"] == {"step": 10, "loss": 3.4}


def test_minutes_without_a_checkpoint_make_one(tmp_path, callback, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    training = FakeTraining(tmp_path)
    training.config.checkpoint_minutes = 10
    callback.on_start(training)
    for minute in (5, 9, 10, 15, 19, 20):
        clock[0] = 60.0 * minute
        follow(training, callback, [1.0])
    assert training.kept() == [3, 6]


def test_a_checkpoint_of_a_later_step_does_not_count(tmp_path, callback):
    training = FakeTraining(tmp_path, keep_last=1)
    training.run.checkpoint(99).mkdir(parents=True)
    callback.on_start(training)
    follow(training, callback, [1.0] * 10 + [2.0] * 10)
    assert training.kept() == [10, 20, 99]


def test_the_run_is_finished_when_all_is_written(tmp_path, callback):
    training = FakeTraining(tmp_path, steps=15)

    def export(folder):
        assert not training.run.is_finished(15)

    training.method.export = export
    callback.on_start(training)
    follow(training, callback, [1.0] * 15)
    assert training.run.is_finished(15)
    assert training.run.weights_file.read_text() == "15"
