"""Losses and gradients that are not finite, and representations that collapse."""

import csv
import json
import logging
import math

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from gaussrep.checks import check_finite
from gaussrep.config import ComponentConfig
from gaussrep.errors import RunError
from gaussrep.methods import CollapseSign, Method, StepOutput
from gaussrep.training import callbacks
from gaussrep.training.run_folder import RunFolder
from gaussrep.training.trainer import resume, train


def rows(run):
    with (run / "metrics.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_bad_step_is_skipped_and_counted(tmp_path, configure, caplog):
    result = train(configure("method.nan_at=2"), tmp_path / "run")
    assert result.steps == 6
    assert math.isfinite(result.loss)
    found = rows(tmp_path / "run")
    assert [row["skipped_steps"] for row in found] == ["", "1", "1", "1", "1", "1"]
    assert found[1]["loss"] == "nan"
    assert all(math.isfinite(float(row["loss"])) for row in found[2:])
    assert "step 2 changes no weight: its loss is not finite" in caplog.text
    state = json.loads((RunFolder(tmp_path / "run").checkpoint(6) / "state.json").read_text())
    assert state["skipped"] == {"total": 1, "in_a_row": 0}
    assert resume(tmp_path / "run", ["trainer.steps=7"]).metrics["skipped_steps"] == 1


def test_a_skipped_step_changes_no_weight(tmp_path, configure):
    settings = ("trainer.checkpoint_every=1", "trainer.keep_last=9", "trainer.validate_every=0")
    train(configure("method.nan_at=2", *settings), tmp_path)
    run = RunFolder(tmp_path)
    one, three = (load_file(run.checkpoint(n) / "model.safetensors") for n in (1, 3))
    assert not (run.checkpoint(2)).exists()
    assert any(not torch.equal(one[name], three[name]) for name in one)


class Spoiled(Method):
    """Has a loss, gradient, check or weight that is bad from one batch on."""

    def __init__(self, kind, first, last=10**9):
        super().__init__(ComponentConfig(type="toy"))
        torch.manual_seed(0)
        self.norm, self.layer = nn.BatchNorm1d(4), nn.Linear(4, 4)
        self.kind, self.first, self.last, self.batches = kind, first, last, 0

    def training_loss(self, batch):
        self.batches += self.training
        is_bad = self.training and self.first <= self.batches <= self.last
        x = batch["image"].flatten(1)[:, :4]
        if is_bad and self.kind == "input":
            x = x * math.nan
        y = self.layer(self.norm(x))
        if is_bad and self.kind == "check":
            check_finite({"means": y * math.nan})
        if is_bad and self.kind == "gradient":
            y = y + (y - y.detach()).abs().sqrt()
        if is_bad and self.kind == "weight":
            with torch.no_grad():
                self.layer.bias[0] = math.inf
            y = y.nan_to_num(0, 0, 0)
        return StepOutput(y.square().mean(), {"mean_opacity": y.detach().mean() * 0})


@pytest.fixture
def spoil(monkeypatch, configure, tmp_path):
    """Train a `Spoiled` method in place of the toy."""

    def run(method, *overrides):
        from gaussrep.training import components

        monkeypatch.setattr(components, "_build_method", lambda config: method)
        return train(configure("trainer.validate_every=0", *overrides), tmp_path / "run")

    return run


@pytest.mark.parametrize("kind", ["input", "check", "gradient"])
def test_every_kind_of_bad_step_is_skipped(spoil, kind):
    result = spoil(Spoiled(kind, 2, 3), "trainer.steps=8")
    assert result.metrics["skipped_steps"] == 2
    weights = load_file(result.run / "model.safetensors")
    assert all(each.isfinite().all() for each in weights.values())


@pytest.mark.parametrize(("kind", "what"), [("input", "loss"), ("gradient", "gradient")])
def test_too_many_in_a_row_end_the_run_with_its_last_good_checkpoint(spoil, tmp_path, kind, what):
    settings = ("trainer.max_skipped_steps=3", "trainer.steps=50", "trainer.checkpoint_every=1")
    with pytest.raises(RunError, match=rf"{what} was not finite in 4 steps in a row, up to 9;"):
        spoil(Spoiled(kind, 6), *settings)
    assert max(RunFolder(tmp_path / "run").checkpoints()) == 5


def test_what_a_check_found_is_named(spoil):
    with pytest.raises(RunError, match=r"up to 3 \(means holds .* NaN .*\); .* keeps"):
        spoil(Spoiled("check", 2), "trainer.max_skipped_steps=1")


def test_a_run_in_which_no_step_was_made_is_not_finished(spoil, tmp_path):
    with pytest.raises(RunError, match="not finite in 6 steps in a row"):
        spoil(Spoiled("input", 0))
    assert not RunFolder(tmp_path / "run").is_finished(6)


def test_weights_that_are_not_finite_are_not_written(spoil, tmp_path):
    with pytest.raises(RunError, match=r"weights layer\.bias are not finite after step 3"):
        spoil(Spoiled("weight", 2), "trainer.checkpoint_every=3")
    assert list(RunFolder(tmp_path / "run").checkpoints()) == [0]


def test_a_collapse_is_warned_about_once(spoil, monkeypatch, caplog):
    monkeypatch.setattr(callbacks, "COLLAPSE_PATIENCE", 2)
    sign = CollapseSign("mean_opacity", 0.01, "all is transparent", "try a lower trainer.lr")
    monkeypatch.setattr(Spoiled, "collapse_signs", (sign,))
    with caplog.at_level(logging.WARNING, "gaussrep.training"):
        spoil(Spoiled("none", 99))
    assert caplog.text.count("all is transparent; try a lower trainer.lr") == 1


def test_signs_are_beyond_their_limit():
    low = CollapseSign("rank", 1.5, "", "")
    high = CollapseSign("size", 0.9, "", "", above=True)
    assert low.shows(1.0)
    assert not low.shows(2.0)
    assert high.shows(1.0)
    assert not high.shows(0.5)
    assert not low.shows(math.nan)
