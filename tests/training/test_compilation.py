import csv

import pytest
import torch
from torch import nn

from gaussrep.errors import ConfigError
from gaussrep.training.checkpoint import load_run
from gaussrep.training.engine import running_engine
from gaussrep.training.trainer import train


def losses(run):
    with (run / "metrics.csv").open(encoding="utf-8") as file:
        return [float(row["loss"]) for row in csv.DictReader(file)]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # torch warns of itself
def test_a_compiled_run_has_the_losses_and_the_weights_of_a_plain_one(configure, tmp_path):
    settings = ("method.noise=0.3", "trainer.steps=3", "trainer.validate_every=0")
    for name in ("plain", "compiled"):
        train(configure(*settings, f"trainer.compile={name == 'compiled'}"), tmp_path / name)
    torch.set_flush_denormal(False)  # compiled by torch 2.4 and gcc 12, code leaves it on
    assert losses(tmp_path / "compiled") == pytest.approx(losses(tmp_path / "plain"), rel=1e-4)
    plain, compiled = (load_run(tmp_path / name).state_dict() for name in ("plain", "compiled"))
    assert plain.keys() == compiled.keys()
    for name in plain:
        torch.testing.assert_close(compiled[name], plain[name], rtol=1e-3, atol=1e-5)


def test_the_modules_are_compiled_where_it_is_asked_for(configure, monkeypatch, tmp_path):
    requested = []
    monkeypatch.setattr(torch, "compile", lambda function: function)
    monkeypatch.setattr(
        nn.Module, "compile", lambda self, **_: requested.append(type(self).__name__)
    )
    train(configure("trainer.steps=1"), tmp_path / "plain")
    assert requested == []
    train(configure("trainer.steps=1", "trainer.compile=true"), tmp_path / "compiled")
    assert requested == ["Linear", "LayerNorm", "Linear"]


def test_a_missing_compiler_is_one_sentence(configure, monkeypatch, tmp_path):
    def fail(_):
        raise RuntimeError("no\nC++ compiler found")

    monkeypatch.setattr(torch, "compile", lambda _: fail)
    config = configure("trainer.compile=true")
    with pytest.raises(ConfigError, match=r"install a C\+\+ compiler .* no C\+\+ compiler found\)"):
        train(config, tmp_path / "run")
    assert not (tmp_path / "run").exists()
    with running_engine(configure().trainer) as engine:  # the refused one left nothing behind
        assert engine.is_main
