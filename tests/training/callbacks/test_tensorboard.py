import time
from unittest.mock import Mock

import pytest

from gaussrep.errors import UnavailableError
from gaussrep.training import trackers
from gaussrep.training.config import TrainerConfig
from gaussrep.training.run_folder import RunFolder
from gaussrep.training.trackers import TensorBoard, uses_tensorboard
from gaussrep.training.train_state import TrainState


@pytest.mark.parametrize(
    ("requested", "installed", "wanted"),
    [("auto", True, True), ("auto", False, False), (True, True, True), (False, True, False)],
)
def test_auto_writes_where_it_can(monkeypatch, requested, installed, wanted):
    monkeypatch.setattr(trackers, "find_spec", lambda _: object() if installed else None)
    assert uses_tensorboard(Mock(TrainerConfig, tensorboard=requested, trackers=())) == wanted


def test_naming_it_among_the_trackers_insists(monkeypatch):
    config = Mock(TrainerConfig, tensorboard=False, trackers=("tensorboard",))
    assert uses_tensorboard(config)
    monkeypatch.setattr(trackers, "find_spec", lambda _: None)
    with pytest.raises(UnavailableError, match="pip install"):
        uses_tensorboard(config)


def test_insisting_without_it_reports_what_to_install(monkeypatch):
    monkeypatch.setattr(trackers, "find_spec", lambda _: None)
    with pytest.raises(UnavailableError, match=r'pip install "gaussrep\[tensorboard\]"'):
        uses_tensorboard(Mock(TrainerConfig, tensorboard=True, trackers=()))


def test_scalars_are_read_back_and_a_resumed_run_hides_what_it_makes_again(tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    for start, loss in ((0, 2.0), (1, 4.0)):
        training = Mock(TrainState, step=start, run=RunFolder(tmp_path))
        writer = TensorBoard()
        writer.on_start(training)
        for _ in range(2):
            training.step += 1
            writer.on_log(training, {"step": training.step, "loss": loss})
        writer.on_end(training)
        time.sleep(1.1)  # files are read by name, which orders them by the second
    events = accumulator.EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert events.Tags()["scalars"] == ["loss"]
    found = [(event.step, event.value) for event in events.Scalars("loss")]
    assert found == [(1, 2.0), (2, 4.0), (3, 4.0)]
