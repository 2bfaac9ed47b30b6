import sys
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
import torch

from gaussrep.training.callbacks import ProgressDisplay, format_metrics
from gaussrep.training.train_state import TrainState


class Linear(torch.nn.Linear):
    progress_metrics = ("count",)


ROW = {"loss": 0.123456, "samples_per_second": 321.9, "memory_gb": 1.26}


@pytest.fixture
def training():
    return Mock(
        TrainState,
        step=3,
        steps=9,
        run=SimpleNamespace(path=Path("runs/a")),
        method=Linear(999, 1),
        engine=SimpleNamespace(world_size=2, device=torch.device("cpu")),
        order=SimpleNamespace(size=4096, global_batch=64, steps_per_epoch=64),
    )


def show(training, capsys):
    display = ProgressDisplay()
    display.on_start(training)
    for row in (ROW, ROW | {"val_loss": 2.0}, ROW):
        training.step += 1
        display.on_step(training, row)
    display.on_end(training)
    return capsys.readouterr().err


def test_plain_lines_elsewhere_than_on_a_terminal(training, capsys):
    lines = show(training, capsys).splitlines()
    assert lines[:2] == [
        "runs/a: Linear with 1,000 parameters on 2 x cpu, 4,096 samples, 64 per step, "
        "64 steps per epoch",
        "step …",
    ]
    (last,) = lines[2:]
    assert last.startswith("step 6/9  loss 0.1235  val_loss 2  322 samples/s  1.3 GB  left 0:00:00")


def test_a_bar_on_a_terminal(training, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "140")
    text = show(training, capsys)
    for words in ("1,000 parameters", "6/9", "loss 0.1235", "val_loss 2", "samples/s", "left"):
        assert words in text


def test_a_method_may_show_metrics_of_its_own(training):
    line = format_metrics(training, ROW | {"count": 7, "other": 3})
    assert line == "loss 0.1235  count 7  322 samples/s  1.3 GB"
