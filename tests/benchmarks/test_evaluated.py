import json
import shutil

import pytest

SETTINGS = ["seed=0", "k=3", "batch_size=4"]


@pytest.fixture
def run(script, small, tmp_path):
    script("pretraining").pretrain(small(), tmp_path / "run", is_trained=True)
    return tmp_path / "run"


@pytest.fixture
def evaluated(script):
    return script("evaluated").evaluated


def note_other_scores(run):
    """Write a score on record that cannot be measured."""
    (file,) = (run / "evaluations").glob("knn-*.json")
    record = json.loads(file.read_text())
    first = next(iter(record["scores"].values()))
    file.write_text(json.dumps({**record, "scores": {"gmae": {**first, "top1": 7.0}}}))


def test_scores_on_record_are_taken(run, evaluated):
    assert evaluated(run, "knn", SETTINGS, "cpu").own["top1"] <= 1
    note_other_scores(run)
    assert evaluated(run, "knn", SETTINGS, "cpu").own["top1"] == 7


def test_scores_of_other_settings_are_not_taken(run, evaluated):
    evaluated(run, "knn", SETTINGS, "cpu")
    note_other_scores(run)
    assert evaluated(run, "knn", [*SETTINGS[:1], "k=2", "batch_size=4"], "cpu").own["top1"] <= 1
    assert evaluated(run, "knn", SETTINGS, "cpu").own["top1"] == 7  # kept beside the others


def test_scores_of_another_step_are_not_taken(run, evaluated):
    evaluated(run, "knn", SETTINGS, "cpu")
    note_other_scores(run)
    shutil.rmtree(run / "checkpoints/step-00000002")
    assert evaluated(run, "knn", SETTINGS, "cpu").own["top1"] <= 1


def test_a_run_that_is_trained_again_loses_its_scores(run, evaluated, small, script):
    evaluated(run, "knn", SETTINGS, "cpu")
    note_other_scores(run)
    shutil.rmtree(run / "checkpoints")
    script("pretraining").pretrain(small(), run, is_trained=True)
    assert evaluated(run, "knn", SETTINGS, "cpu").own["top1"] <= 1
