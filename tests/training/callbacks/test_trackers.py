import accelerate.tracking  # noqa: TID253 - stands in for a tracker
import numpy as np
import pytest
import torch
from accelerate.tracking import GeneralTracker  # noqa: TID253
from accelerate.utils import LoggerType  # noqa: TID253

from gaussrep.config import ComponentConfig
from gaussrep.data.sample import SampleKey
from gaussrep.errors import CapabilityError, ConfigError, UnavailableError
from gaussrep.methods import Method, Reconstruction, StepOutput
from gaussrep.training import trackers
from gaussrep.training.trackers import Examples
from gaussrep.training.trainer import resume, train


class Notes(GeneralTracker):
    """Keeps what it is given; stands for mlflow, which is not installed."""

    name, requires_logging_directory = "mlflow", True
    seen: list = []

    def __init__(self, project, logging_dir, **settings):
        super().__init__()
        self.seen += [("start", project, settings)]

    @property
    def tracker(self):
        return self.seen

    def store_init_configuration(self, values):
        self.seen.append(("settings", values))

    def log(self, values, step=None):
        self.seen.append(("log", step, values))

    def log_images(self, values, step=None):
        self.seen.append(("images", step, values))

    def finish(self):
        self.seen.append(("finish",))


@pytest.fixture
def notes(monkeypatch):
    monkeypatch.setattr(Notes, "seen", [])
    monkeypatch.setitem(accelerate.tracking.LOGGER_TYPE_TO_CLASS, "mlflow", Notes)
    monkeypatch.setattr(accelerate.tracking, "_available_trackers", [LoggerType.MLFLOW])
    monkeypatch.setattr(trackers, "find_spec", lambda _: object())
    return Notes.seen


def test_a_tracker_gets_settings_and_numbers_and_is_closed(tmp_path, configure, notes):
    train(configure("trainer.trackers=[mlflow]"), tmp_path / "run")
    start, settings, *logs, finish = notes
    assert start == ("start", "gaussrep", {"run_name": "run"})
    assert settings[1]["trainer.batch_size"] == 4
    assert all(isinstance(value, bool | int | float | str) for value in settings[1].values())
    assert [step for kind, step, _ in logs if kind == "log"] == [1, 2, 3, 4, 5, 6]
    assert {"loss", "grad_norm", "val_loss"} <= logs[2][2].keys()
    assert finish == ("finish",)


def test_trackers_may_change_on_resume(tmp_path, configure, notes):
    train(configure("trainer.steps=3"), tmp_path)
    resume(tmp_path, ["trainer.steps=4", "trainer.trackers=[mlflow]"])
    assert [row[1] for row in notes if row[0] == "log"] == [4]


def test_a_missing_package_is_one_sentence(tmp_path, configure, monkeypatch):
    monkeypatch.setattr(trackers, "find_spec", lambda _: None)
    wanted = r"names comet_ml, which is not installed: pip install comet-ml"
    with pytest.raises(UnavailableError, match=wanted):
        train(configure("trainer.trackers=[comet_ml]"), tmp_path / "run")
    assert not (tmp_path / "run").exists()
    with pytest.raises(ConfigError, match="trackers"):
        configure("trainer.trackers=[weights]")


class Grays:
    def __len__(self):
        return 9

    def __getitem__(self, key: SampleKey):
        return {"image": torch.full((3, 4, 4), 0.1 * key.index), "index": torch.tensor(key.index)}


class Mean(Method):
    def __init__(self, gives):
        super().__init__(ComponentConfig(type="mean"))
        self.weight, self.gives = torch.nn.Parameter(torch.ones(1)), gives

    def training_loss(self, batch):
        return StepOutput(self.weight.sum())

    def reconstruct(self, batch):
        assert not self.training
        if not self.gives:
            raise CapabilityError("none")
        torch.rand(3)
        image = batch["image"]
        return Reconstruction(torch.ones_like(image), torch.ones_like(image[:, 0]).bool())


def test_examples_are_images_beside_their_reconstructions_and_leave_no_trace():
    state, method = torch.get_rng_state(), Mean(gives=True)
    (images,) = Examples(Grays(), seed=0).draw(method, 1).values()
    assert len(images) == 4
    assert images[2].shape == (4, 8, 3)
    assert np.array_equal(images[2][0, :, 0], [51] * 4 + [255] * 4)
    assert torch.equal(state, torch.get_rng_state())
    assert method.training


def test_images_of_a_step_are_drawn_once_for_all_trackers():
    examples, method = Examples(Grays(), seed=0), Mean(gives=True)
    first = examples.draw(method, 1)
    assert examples.draw(method, 1) is first
    assert examples.draw(method, 2) is not first


def test_a_method_without_images_has_no_examples():
    assert Examples(Grays(), seed=0).draw(Mean(gives=False), 1) == {}
