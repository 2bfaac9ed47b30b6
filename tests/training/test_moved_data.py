"""Runs whose data set is named relative to the shell, or moved."""

import pytest
import yaml
from PIL import Image

from gaussrep.errors import ConfigError, RunError
from gaussrep.evaluation.resolve import evaluation_config_of_run
from gaussrep.fitting.capture_config import CaptureDatasetConfig
from gaussrep.training.data_places import find_places
from gaussrep.training.run_folder import RunFolder
from gaussrep.training.trainer import resume, train


@pytest.fixture
def run(configure, tmp_path, monkeypatch):
    """A run on images that were named by a relative path."""
    monkeypatch.chdir(tmp_path)
    for number in range(12):
        path = tmp_path / "images" / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (8, 8), (20 * number, 0, 0)).save(path)
    data = ("data=images", "data.root=images", "data.image_size=4", "trainer.steps=2")
    return train(configure(*data), tmp_path / "run").run


def test_a_run_is_continued_and_evaluated_from_another_folder(run, tmp_path, monkeypatch):
    monkeypatch.chdir(run)
    settings = yaml.safe_load((run / "config.yaml").read_text(encoding="utf-8"))
    assert settings["data"]["root"] == str(tmp_path / "images")
    assert resume(run, ["trainer.steps=3"]).steps == 3
    config = evaluation_config_of_run(RunFolder(run), "effective-rank")
    assert config.data.root == tmp_path / "images"


def test_a_missing_data_set_names_the_run_and_the_cure(run, tmp_path):
    (tmp_path / "images").rename(tmp_path / "moved")
    message = f"{run} was trained on the data set in {tmp_path / 'images'}, which is not there; "
    for call in (
        lambda: resume(run, ["trainer.steps=3"]),
        lambda: evaluation_config_of_run(RunFolder(run), "effective-rank"),
    ):
        with pytest.raises(RunError) as caught:
            call()
        assert str(caught.value) == message + "give its new folder by data.root=FOLDER"


def test_a_moved_data_set_is_given_by_one_setting(run, tmp_path):
    (tmp_path / "images").rename(tmp_path / "moved")
    config = evaluation_config_of_run(RunFolder(run), "effective-rank", ["data.root=moved"])
    assert config.data.root == tmp_path / "moved"
    assert resume(run, ["trainer.steps=3", "data.root=moved"]).steps == 3
    assert resume(run, ["trainer.steps=4"]).steps == 4


def test_a_run_of_an_older_version_keeps_its_relative_folder(run, tmp_path):
    file = run / "config.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(str(tmp_path / "images"), "images"), encoding="utf-8")
    assert resume(run, ["trainer.steps=3"]).steps == 3


def test_settings_that_change_no_weight_may_change_on_resume(run):
    assert resume(run, ["trainer.steps=3", "trainer.log_every=7", "trainer.keep_last=1"]).steps == 3
    with pytest.raises(ConfigError, match=r"trainer\.lr .* cannot become .*trainer\.log_every"):
        resume(run, ["trainer.steps=4", "trainer.lr=9"])


def test_an_absolute_capture_is_a_place_and_a_name_is_not(tmp_path):
    for path, places in ((str(tmp_path), {"data.capture.path": tmp_path}), ("synthetic:balls", {})):
        capture = {"type": "transforms", "path": path}
        assert find_places(CaptureDatasetConfig(capture=capture)) == places
