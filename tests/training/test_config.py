import subprocess
import sys

import pytest

from gaussrep.errors import ConfigError

WRONG = [
    (["trainer.steps=null"], "neither steps nor epochs"),
    (["trainer.epochs=2"], "both steps=6 and epochs=2; give one and set the other to null"),
    (["trainer.schedule.min_lr=1"], "min_lr=1 above lr=0.01"),
    (["trainer.schedule.warmup_fraction=10"], "trainer.schedule.warmup_fraction"),
    (["trainer.precision=fp8"], "trainer.precision"),
    (["trainer.batch_sise=3"], "batch_size"),
    (["seed=-1"], "seed"),
]


@pytest.mark.parametrize(("overrides", "message"), WRONG)
def test_a_mistake_is_named(configure, overrides, message):
    with pytest.raises(ConfigError, match=message):
        configure(*overrides)


def test_epochs_instead_of_steps(configure):
    trainer = configure("trainer.steps=null", "trainer.epochs=2").trainer
    assert (trainer.steps, trainer.epochs) == (None, 2)


@pytest.mark.parametrize(("given", "wanted"), [("auto", "auto"), ("true", True), ("false", False)])
def test_tensorboard_is_auto_true_or_false(configure, given, wanted):
    assert configure(f"trainer.tensorboard={given}").trainer.tensorboard == wanted


@pytest.mark.parametrize("module", ["config", "run_folder"])
def test_importing_it_does_not_import_torch(module):
    program = f"import gaussrep.training.{module}, sys; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
