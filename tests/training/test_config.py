import subprocess
import sys

import pytest

from gaussrep.config import load_config
from gaussrep.errors import ConfigError
from gaussrep.training.config import TrainConfig, train_config

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


PHOTOS = ["data.root=photos", "data.flip=0"]


@pytest.mark.parametrize("data", ["images", "folders", "stl10", "shapes"])
def test_a_data_set_takes_the_size_of_the_method(data):
    given = [f"data.type={data}", *([] if data == "shapes" else PHOTOS), "method.image_size=32"]
    config = train_config("gmae", "demo", [], given)
    assert config.data.image_size == 32
    assert data == "shapes" or config.data.flip == 0
    assert load_config(TrainConfig, config.model_dump(mode="json")) == config
    assert "image_size" not in config.data.model_fields_set


def test_a_size_that_is_given_stays_and_must_fit():
    wrong = ["data.type=images", *PHOTOS, "data.image_size=96"]
    with pytest.raises(ConfigError, match=r"give data\.image_size=64, or method\.image_size=96$"):
        train_config("gmae", "demo", [], wrong)
    assert train_config("gmae", "demo", [], [*wrong, "method.image_size=96"]).data.image_size == 96


@pytest.mark.parametrize("module", ["config", "run_folder"])
def test_importing_it_does_not_import_torch(module):
    program = f"import gaussrep.training.{module}, sys; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
