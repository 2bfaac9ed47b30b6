"""What a method may bring to the trainer: optimizers, callbacks, files, an order of its data."""

import sys
from dataclasses import dataclass

import pytest
import torch
from metrics_rows import rows_of
from torch import nn

from gaussrep.config import ComponentConfig, load_config
from gaussrep.data.sample import SampleKey
from gaussrep.methods import Method, StepOutput
from gaussrep.methods.method import ScheduledOptimizer
from gaussrep.training.callback import Callback
from gaussrep.training.callbacks import read_rows
from gaussrep.training.config import TrainConfig
from gaussrep.training.loading import Position, SampleOrder
from gaussrep.training.trainer import resume, train

from .conftest import QUICK


class Duplicate(Callback):
    """Adds a row to the points and to the optimizer's state after every second step."""

    def __init__(self, method):
        self.method, self.added = method, 0

    def on_update(self, state):
        if state.step % 2:
            return
        optimizer, old = state.optimizers["points"].optimizer, self.method.points
        new = nn.Parameter(torch.cat([old.detach(), old.detach()[:1]]))
        moments = optimizer.state.pop(old)
        optimizer.param_groups[0]["params"] = [new]
        optimizer.state[new] = {
            name: torch.cat([value, value[:1]]) if value.ndim else value
            for name, value in moments.items()
        }
        self.method.points = new
        self.added += 1

    def state_dict(self):
        return {"added": self.added}

    def load_state_dict(self, state):
        self.added = state["added"]


class Cloud(Method):
    """Points that learn to be the mean of the data, and a bias with a rate of its own."""

    def __init__(self):
        super().__init__(ComponentConfig(type="cloud"))
        self.points = nn.Parameter(torch.zeros(1, 4))
        self.bias = nn.Parameter(torch.zeros(4))
        self.started = []

    def setup(self, dataset):
        self.points.data = torch.stack([dataset[SampleKey(i)]["image"] for i in range(3)])

    def configure_optimizers(self):
        points = torch.optim.Adam([self.points])
        bias = torch.optim.SGD([self.bias])
        return {
            "points": ScheduledOptimizer(points, 1e-2, lambda step, steps: 0.5 ** (step / steps)),
            "bias": ScheduledOptimizer(bias, 0.5),
        }

    def configure_callbacks(self):
        return (Duplicate(self),)

    def on_step_start(self, step, steps):
        self.started.append((step, steps))

    def training_loss(self, batch):
        error = self.points[:, None] + self.bias - batch["image"]
        return StepOutput(error.square().mean(), {"count": torch.tensor(float(len(self.points)))})

    def validation_loss(self, batch):
        return StepOutput(self.bias.sum())

    def export(self, folder):
        (folder / "cloud.txt").write_text(str(len(self.points)))

    def _load_from_state_dict(self, state_dict, prefix, *arguments):
        self.points.data = self.points.data.new_empty(state_dict[f"{prefix}points"].shape)
        super()._load_from_state_dict(state_dict, prefix, *arguments)


@pytest.fixture
def cloud(toy, monkeypatch):
    """The configuration of a cloud, which stands in for the toy's second method."""
    import gaussrep_toy.method

    monkeypatch.setattr(gaussrep_toy.method, "Other", Cloud)

    def make(*overrides):
        return load_config(TrainConfig, {**QUICK, "method": "other"}, [], list(overrides))

    return make


def last(folder):
    return rows_of(folder)[-1]


def test_each_optimizer_follows_its_own_schedule(cloud, tmp_path):
    train(cloud(), tmp_path)
    rows = read_rows(tmp_path / "metrics.csv")[1]
    wanted = [1e-2 * 0.5 ** (step / 6) for step in range(6)]
    assert [float(row["lr"]) for row in rows] == pytest.approx(wanted)


def test_a_callback_may_change_parameters_and_optimizers(cloud, tmp_path):
    train(cloud(), tmp_path)
    rows = read_rows(tmp_path / "metrics.csv")[1]
    assert [float(row["count"]) for row in rows] == [3, 3, 4, 4, 5, 5]
    assert (tmp_path / "cloud.txt").read_text() == "6"


def test_the_validation_loss_may_be_another_one(cloud, tmp_path):
    result = train(cloud(), tmp_path)
    assert result.val_loss is not None
    assert result.val_loss != pytest.approx(result.loss)


def test_a_resumed_run_ends_in_the_same_numbers(cloud, tmp_path):
    train(cloud("trainer.steps=12"), tmp_path / "whole")
    stopped = tmp_path / "stopped"
    with pytest.raises(KeyboardInterrupt):
        train(cloud("trainer.steps=12"), stopped, init_hook=_stop_at(8))
    assert not (stopped / "checkpoints" / "step-00000009").exists()
    resume(stopped)
    assert last(stopped) == last(tmp_path / "whole")
    weights = [folder / "model.safetensors" for folder in (stopped, tmp_path / "whole")]
    assert weights[0].read_bytes() == weights[1].read_bytes()


def _stop_at(step):
    def prepare(method):
        started = method.on_step_start

        def stop(number, steps):
            if number == step:
                raise KeyboardInterrupt
            started(number, steps)

        method.on_step_start = stop

    return prepare


@dataclass(frozen=True)
class Backwards(SampleOrder):
    """One sample a step, from the last to the first."""

    size: int
    global_batch: int = 1

    @property
    def steps_per_epoch(self):
        return self.size

    def after(self, position):
        epoch, samples = divmod(position.samples + 1, self.size)
        return Position(position.epoch + epoch, samples)

    def remaining_steps(self, position, epochs):
        return (epochs - position.epoch) * self.size - position.samples

    def batches(self, rank, position):
        while True:
            yield [SampleKey(self.size - 1 - position.samples, position.epoch)]
            position = self.after(position)


def test_a_data_set_may_bring_its_own_order(cloud, tmp_path, monkeypatch):
    seen = []
    dataset = sys.modules.get("gaussrep_toy.data") or __import__("gaussrep_toy.data").data
    fetch = dataset.ToyData.__getitem__

    def watched(self, key):
        seen.append(key.index)
        return fetch(self, key)

    monkeypatch.setattr(dataset.ToyData, "__getitem__", watched)
    monkeypatch.setattr(
        dataset.ToyData, "sample_order", lambda self, **_: Backwards(len(self)), raising=False
    )
    train(cloud("trainer.validate_every=0", "trainer.checkpoint_every=100"), tmp_path)
    assert seen[3:] == [39, 38, 37, 36, 35, 34]
