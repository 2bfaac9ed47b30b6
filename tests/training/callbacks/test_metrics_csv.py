from unittest.mock import Mock

import pytest

from gaussrep.training.callbacks import MetricsCsv, read_rows
from gaussrep.training.run_folder import RunFolder
from gaussrep.training.train_state import TrainState


@pytest.fixture
def log(tmp_path):
    """Log rows as a run does that goes on from some step."""
    file = tmp_path / "metrics.csv"

    def write(from_step, *rows):
        training = Mock(TrainState, step=from_step, run=RunFolder(tmp_path))
        table = MetricsCsv()
        table.on_start(training)
        for row in rows:
            table.on_log(training, row)
        return file.read_text() if file.exists() else None

    write.file = file
    return write


def test_rows_are_appended(log):
    assert log(0) is None
    text = log(0, {"step": 1, "loss": 0.1 + 0.2}, {"step": 2, "loss": 1e-30})
    assert text == "step,loss\n1,0.30000000000000004\n2,1e-30\n"


def test_a_resumed_run_drops_the_rows_that_it_makes_again(log):
    log(0, *({"step": step, "loss": 0.5} for step in (1, 2, 3, 4)))
    assert log(2, {"step": 3, "loss": 0.25}) == "step,loss\n1,0.5\n2,0.5\n3,0.25\n"


@pytest.mark.parametrize("cut", range(1, 8))
def test_a_last_line_that_was_cut_short_is_dropped(log, cut):
    whole = log(0, {"step": 1, "loss": 0.5}, {"step": 2, "loss": 0.125})
    log.file.write_text(whole[:-cut])
    assert log(2) == "step,loss\n1,0.5\n"


def test_a_number_that_comes_later_gets_a_column(log):
    text = log(0, {"step": 1, "loss": 2}, {"step": 2, "loss": 1, "val": 3}, {"step": 3, "loss": 0})
    assert text == "step,loss,val\n1,2,\n2,1,3\n3,0,\n"
    assert log(2, {"step": 3, "loss": 7}) == "step,loss,val\n1,2,\n2,1,3\n3,7,\n"


def test_reading_an_empty_file_gives_nothing(tmp_path):
    (tmp_path / "metrics.csv").touch()
    assert read_rows(tmp_path / "metrics.csv") == ([], [])
