import pytest
from metrics_rows import rows_of

from gaussrep.building import build
from gaussrep.errors import ConfigError, DataError
from gaussrep.training.run_folder import RunFolder
from gaussrep.training.trainer import resume, train

RANK = ["evaluations.rank=effective-rank", "evaluations.half.type=effective-rank"]
RANK += ["evaluations.half.limit=3"]
CONSTANT = ["trainer.schedule.min_lr=0.01", "trainer.schedule.warmup_fraction=0"]


def test_numbers_are_logged_where_they_are_due(tmp_path, configure):
    train(configure(*RANK, "trainer.steps=7", "trainer.evaluations_every=3"), tmp_path)
    rows = rows_of(tmp_path)
    for column, most in (("rank/rank", 6), ("half/rank", 3)):
        measured = {int(row["step"]): float(row[column]) for row in rows if row[column]}
        assert measured.keys() == {3, 6, 7}
        assert all(1 <= rank <= most for rank in measured.values())
        assert len(set(measured.values())) == 3


def test_measuring_does_not_disturb_training(tmp_path, configure):
    train(configure(*RANK, "trainer.evaluations_every=1"), tmp_path / "often")
    train(configure(*RANK, "trainer.evaluations_every=0"), tmp_path / "never")
    often, never = (
        [row["loss"] for row in rows_of(tmp_path / name)] for name in ("often", "never")
    )
    assert often == never
    assert "rank/rank" not in rows_of(tmp_path / "never")[0]


def test_a_resumed_run_is_one_that_never_stopped(tmp_path, configure):
    settings = [
        *RANK,
        "trainer.evaluations_every=2",
        *CONSTANT,
    ]
    train(configure(*settings, "trainer.steps=8"), tmp_path / "whole")
    train(configure(*settings, "trainer.steps=4"), tmp_path / "parts")
    resume(tmp_path / "parts", ["trainer.steps=8"])
    drop = ("val_loss", "val_strength")  # measured after a last step, and not in its middle
    whole, parts = (
        [{k: v for k, v in row.items() if k not in drop} for row in rows_of(tmp_path / name)]
        for name in ("whole", "parts")
    )
    assert parts == whole
    assert sum(bool(row["rank/rank"]) for row in parts) == 4


def test_settings_are_completed_from_the_run(configure):
    config = configure(*RANK, "data.held_out=5")
    settings = {"evaluations": config.evaluations, "data": config.data, "every": 3}
    found = build("callbacks", {"type": "online-evaluations", **settings}).evaluations
    assert found["rank"].data == config.data
    assert (found["rank"].limit, found["half"].limit) == (None, 3)


def test_what_cannot_work_is_told_before_the_first_step(tmp_path, configure):
    with pytest.raises(DataError, match="'toy' has no labels"):
        train(configure("evaluations.knn=knn", "trainer.evaluations_every=100"), tmp_path)
    assert not RunFolder(tmp_path).metrics_file.exists()


def test_an_evaluation_that_trains_is_refused(tmp_path, configure):
    with pytest.raises(ConfigError, match=r"evaluations\.tuned is 'fine-tune', .* afterwards"):
        train(configure("evaluations.tuned=fine-tune"), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_mistake_is_named(configure):
    with pytest.raises(ConfigError, match=r"evaluations\.knn\.kk = 3: unknown key"):
        configure("evaluations.knn.type=knn", "evaluations.knn.kk=3")
