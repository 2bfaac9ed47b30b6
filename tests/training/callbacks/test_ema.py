import pytest
import torch
from safetensors.torch import load_file

from gaussrep.errors import ConfigError, RunError
from gaussrep.evaluation.running import evaluate
from gaussrep.training.checkpoint import load_run
from gaussrep.training.trainer import resume, train

EMA = ["callbacks.ema.type=ema", "callbacks.ema.decay=0.5", "trainer.checkpoint_every=1"]
EMA += ["trainer.keep_last=10"]


def weights(folder, name="model-ema"):
    return load_file(folder / f"{name}.safetensors")


def test_the_average_is_that_of_the_weights_after_each_step(tmp_path, configure):
    train(configure(*EMA), tmp_path)
    after = [
        load_file(tmp_path / "checkpoints" / f"step-{step:08d}" / "model.safetensors")
        for step in range(1, 7)
    ]
    for name, found in weights(tmp_path).items():
        wanted = after[0][name]
        for step in after[1:]:
            wanted = wanted.lerp(step[name], 0.5)
        torch.testing.assert_close(found, wanted)
        assert not torch.equal(found, after[-1][name])


def test_averaging_does_not_change_training(tmp_path, configure):
    train(configure(*EMA), tmp_path / "with")
    train(configure(), tmp_path / "without")
    found, wanted = (weights(tmp_path / name, "model") for name in ("with", "without"))
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_resumed_run_ends_in_the_same_average(tmp_path, configure, precision):
    flat = ["trainer.schedule.type=constant", f"trainer.precision={precision}"]
    train(configure(*EMA, *flat), tmp_path / "whole")
    train(configure(*EMA, *flat, "trainer.steps=3"), tmp_path / "parts")
    resume(tmp_path / "parts", ["trainer.steps=6"])
    for name in ("model", "model-ema"):
        whole, parts = (
            (tmp_path / run / f"{name}.safetensors").read_bytes() for run in ("whole", "parts")
        )
        assert whole == parts


def test_load_run_takes_the_average(tmp_path, configure):
    train(configure(*EMA), tmp_path)
    averaged = load_run(tmp_path, weights="ema")
    assert torch.equal(averaged.inner.weight, weights(tmp_path)["inner.weight"])
    assert not torch.equal(averaged.inner.weight, load_run(tmp_path).inner.weight)


def test_a_run_without_averages_has_none(tmp_path, configure):
    train(configure(*EMA), tmp_path)
    train(configure(), tmp_path, overwrite=True)
    with pytest.raises(RunError, match="has no 'ema' weights"):
        load_run(tmp_path, weights="ema")


def test_a_mistake_is_named(configure):
    with pytest.raises(ConfigError, match=r"callbacks\.ema\.deca = 0\.5: unknown key"):
        configure("callbacks.ema.type=ema", "callbacks.ema.deca=0.5")


def test_the_average_is_evaluated_by_its_name(tmp_path, configure):
    train(configure(*EMA), tmp_path)
    trained = evaluate(tmp_path, "effective-rank").own["rank"]
    averaged = evaluate(tmp_path, "effective-rank", weights="ema").own["rank"]
    assert trained != averaged
    names = {file.name for file in (tmp_path / "evaluations").iterdir()}
    assert names == {"effective-rank.json", "effective-rank-ema.json"}
