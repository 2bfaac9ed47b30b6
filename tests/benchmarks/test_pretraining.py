import shutil

import pytest
import torch

from gaussrep.errors import RunError
from gaussrep.training.checkpoint import load_run
from gaussrep.training.run_folder import RunFolder


@pytest.fixture
def pretrain(script):
    return script("pretraining").pretrain


def test_a_run_that_was_stopped_is_gone_on_with(small, pretrain, tmp_path):
    run = RunFolder(tmp_path / "run")
    pretrain(small(), run.path, is_trained=True)
    weights = run.weights_file.read_bytes()
    shutil.rmtree(run.checkpoint(2))
    pretrain(small(), run.path, is_trained=True)
    assert list(run.checkpoints()) == [1, 2]
    assert run.weights_file.read_bytes() == weights


def test_a_run_that_is_complete_is_left_alone(small, pretrain, tmp_path):
    run = RunFolder(tmp_path / "run")
    pretrain(small(), run.path, is_trained=True)
    before = run.weights_file.stat().st_mtime_ns
    pretrain(small(), run.path, is_trained=True)
    assert run.weights_file.stat().st_mtime_ns == before


def test_a_run_that_was_stopped_before_its_first_checkpoint_starts_again(small, pretrain, tmp_path):
    run = RunFolder.create(tmp_path / "run", small(), {})
    pretrain(small(), run.path, is_trained=True)
    assert 2 in run.checkpoints()


def test_a_run_with_other_settings_is_refused(small, pretrain, tmp_path):
    pretrain(small(), tmp_path / "run", is_trained=False)
    with pytest.raises(RunError, match="holds a run with other settings"):
        pretrain(small("seed=1"), tmp_path / "run", is_trained=True)


def test_an_untrained_run_holds_the_weights_that_training_starts_from(small, pretrain, tmp_path):
    pretrain(small(), tmp_path / "untrained", is_trained=False)
    # a step so small that fp32 hardly sees it
    pretrain(small("trainer.lr=1e-20"), tmp_path / "trained", is_trained=True)
    untrained, trained = (load_run(tmp_path / name) for name in ("untrained", "trained"))
    for one, two in zip(untrained.parameters(), trained.parameters(), strict=True):
        torch.testing.assert_close(one, two, rtol=0, atol=1e-15)
    assert RunFolder(tmp_path / "untrained").checkpoints() == {}
