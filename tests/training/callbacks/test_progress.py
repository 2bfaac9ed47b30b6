import io
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
import torch
from rich.console import Console

from gaussrep.training.progress import ProgressBar, ProgressLines, format_metrics, progress
from gaussrep.training.train_state import TrainState


class Linear(torch.nn.Linear):
    progress_metrics = ("count",)


ROW = {"loss": 0.123456, "samples_per_second": 321.9}


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


def show(training, *, terminal):
    stream = io.StringIO()
    watcher = progress(Console(file=stream, force_terminal=terminal, width=120))
    watcher.on_start(training)
    for row in (ROW, ROW | {"val_loss": 2.0}):
        training.step += 1
        watcher.on_log(training, row)
        watcher.on_step(training, row)
    watcher.on_end(training)
    return watcher, stream.getvalue()


def test_plain_lines_where_no_one_watches(training):
    watcher, text = show(training, terminal=False)
    assert isinstance(watcher, ProgressLines)
    assert text.splitlines() == [
        "runs/a: Linear with 1,000 parameters on 2 x cpu, 4,096 samples, 64 per step, "
        "64 steps per epoch",
        "step 4/9  loss 0.1235  322 samples/s  left 0:00:00",
        "step 5/9  loss 0.1235  val_loss 2  322 samples/s  left 0:00:00",
    ]


def test_a_bar_on_a_terminal(training):
    watcher, text = show(training, terminal=True)
    assert isinstance(watcher, ProgressBar)
    for words in ("1,000 parameters", "5/9", "loss 0.1235", "samples/s", "left"):
        assert words in text


def test_a_method_may_show_metrics_of_its_own(training):
    line = format_metrics(training, ROW | {"count": 7, "other": 3})
    assert line == "loss 0.1235  count 7  322 samples/s"
