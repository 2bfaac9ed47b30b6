import shutil

import pytest
import torch
from PIL import Image

from gaussrep.cli.train import train_config
from gaussrep.errors import RunError
from gaussrep.training.load_run import load_run
from gaussrep.training.run_folder import RunFolder

SMALL = "{width: 16, depth: 1, heads: 1}"


@pytest.fixture
def configure(tmp_path):
    """Make configurations of a small GMAE on eight pictures of two classes."""
    for split in ("train", "val"):
        for name, color in (("red", (200, 0, 0)), ("blue", (0, 0, 200))):
            (tmp_path / split / name).mkdir(parents=True)
            for number in range(4):
                Image.new("RGB", (32, 32), color).save(tmp_path / split / name / f"{number}.png")

    def make(*overrides):
        given = ["data.type=folders", f"data.root={tmp_path}", "trainer.epochs=null"]
        given += ["trainer.steps=2", "trainer.batch_size=4", "trainer.tensorboard=false"]
        given += [f"method.encoder={SMALL}", f"method.decoder={SMALL}", "trainer.device=cpu"]
        given += ["trainer.checkpoint_every=1", "method.renderer=reference", "method.queries=4"]
        return train_config("gmae", "cifar", [], [*given, *overrides])

    return make


@pytest.fixture
def pretrain(script):
    return script("pretraining").pretrain


def test_a_run_that_was_stopped_is_gone_on_with(configure, pretrain, tmp_path):
    run = RunFolder(tmp_path / "run")
    pretrain(configure(), run.path, is_trained=True)
    weights = run.weights_file.read_bytes()
    shutil.rmtree(run.checkpoint(2))
    pretrain(configure(), run.path, is_trained=True)
    assert list(run.checkpoints()) == [1, 2]
    assert run.weights_file.read_bytes() == weights


def test_a_run_that_is_complete_is_left_alone(configure, pretrain, tmp_path):
    run = RunFolder(tmp_path / "run")
    pretrain(configure(), run.path, is_trained=True)
    before = run.weights_file.stat().st_mtime_ns
    pretrain(configure(), run.path, is_trained=True)
    assert run.weights_file.stat().st_mtime_ns == before


def test_a_run_that_was_stopped_before_its_first_checkpoint_starts_again(
    configure, pretrain, tmp_path
):
    run = RunFolder.create(tmp_path / "run", configure(), {})
    pretrain(configure(), run.path, is_trained=True)
    assert 2 in run.checkpoints()


def test_a_run_with_other_settings_is_refused(configure, pretrain, tmp_path):
    pretrain(configure(), tmp_path / "run", is_trained=False)
    with pytest.raises(RunError, match="holds a run with other settings"):
        pretrain(configure("seed=1"), tmp_path / "run", is_trained=True)


def test_an_untrained_run_holds_the_weights_that_training_starts_from(
    configure, pretrain, tmp_path
):
    pretrain(configure(), tmp_path / "untrained", is_trained=False)
    # a step so small that fp32 hardly sees it
    pretrain(configure("trainer.lr=1e-20"), tmp_path / "trained", is_trained=True)
    untrained, trained = (load_run(tmp_path / name) for name in ("untrained", "trained"))
    for one, two in zip(untrained.parameters(), trained.parameters(), strict=True):
        torch.testing.assert_close(one, two, rtol=0, atol=1e-15)
    assert RunFolder(tmp_path / "untrained").checkpoints() == {}
