import json

import pytest
import torch
from safetensors.torch import save_model

from gaussrep.config import load_config
from gaussrep.errors import ConfigError, RunError, UnknownNameError
from gaussrep.evaluation.resolve import evaluation_config_of_run
from gaussrep.evaluation.running import evaluate
from gaussrep.training import random_state
from gaussrep.training.checkpoint import load_run
from gaussrep.training.config import TrainConfig
from gaussrep.training.run_folder import RunFolder
from gaussrep.training.trainer import train


def test_nothing_is_left_behind_and_the_seed_decides(evaluate, make_method):
    method = make_method()
    method.train()
    method.norm.eval()
    random_state.seed_all(5, stream=0)
    before = random_state.capture()
    chances = [evaluate("on-colors", method, f"seed={seed}").own["chance"] for seed in (1, 1, 2)]
    after = random_state.capture()
    # the run-time type checks of the tests draw from Python's generator
    for name in ("numpy", "torch"):
        assert str(before[name]) == str(after[name])
    assert chances[0] != chances[2]
    assert method.training
    assert not method.norm.training


def test_it_is_measured_in_evaluation_mode(evaluate, make_method):
    method = make_method()
    method.train()
    assert evaluate("on-colors", method).own["training"] == 0.0


@pytest.fixture
def run(looker, tmp_path):
    """A finished run on images without labels."""
    settings = {
        "method": "looker",
        "data": {"type": "plain", "image_size": 8, "samples": 16},
        "trainer": {"steps": 2, "batch_size": 4, "tensorboard": False, "device": "cpu"},
    }
    train(load_config(TrainConfig, settings), tmp_path / "run")
    return tmp_path / "run"


def test_scores_and_what_they_were_measured_on_are_written_down(run):
    scores = evaluate(run, "knn", ["data=colors", "k=3"], device="cpu")
    record = json.loads((run / "evaluations" / "knn.json").read_text())
    assert record["scores"] == scores.rows
    assert scores.own == {"top1": 1.0}
    assert record["facts"] == scores.facts
    assert (record["evaluation"], record["run"], record["step"]) == ("knn", str(run), 2)
    assert record["config"]["k"] == 3
    assert record["config"]["data"]["type"] == "colors"
    assert record["config"]["data"]["image_size"] == 8
    assert record["device"] == "cpu"
    assert record["seconds"] > 0
    assert record["date"].endswith("+00:00")
    assert record["machine"]["torch"]
    assert record["versions"]["plugins"]["gaussrep-looker"] == "1.0"


def test_a_random_encoder_and_chance_are_measured_beside(run, looker):
    trained = load_run(run)
    torch.nn.init.zeros_(trained.norm.weight)  # its embeddings say nothing
    save_model(trained, str(run / "model.safetensors"))
    rows = evaluate(run, "knn", ["data=colors"]).rows
    assert list(rows) == ["looker", "random encoder", "chance"]
    assert rows["chance"]["top1"] == rows["looker"]["top1"] == pytest.approx(1 / 3)
    assert rows["random encoder"]["top1"] == 1.0
    assert list(evaluate(run, "linear-probe", ["data=colors", "epochs=1"]).rows) == list(rows)
    assert list(evaluate(run, "knn", ["data=colors", "baselines=false"]).rows) == ["looker"]


def test_the_configuration_of_a_record_gives_the_same_scores(run):
    first = evaluate(run, "reconstruction", ["draws=2"])
    config = json.loads((run / "evaluations" / "reconstruction.json").read_text())["config"]
    again = [f"{key}={json.dumps(value)}" for key, value in config.items() if value is not None]
    assert evaluate(run, "gaussrep:reconstruction", again[1:]) == first
    assert (run / "evaluations" / "gaussrep-reconstruction.json").exists()


def test_another_file(run, tmp_path):
    evaluate(run, "effective-rank", out=tmp_path / "deep" / "rank.json")
    assert json.loads((tmp_path / "deep" / "rank.json").read_text())["scores"]
    assert not (run / "evaluations").exists()
    blocked = tmp_path / "deep" / "rank.json" / "x.json"
    with pytest.raises(RunError, match=r"cannot write the scores to .*x\.json: File exists"):
        evaluate(run, "effective-rank", out=blocked)


def test_fine_tuning_is_kept_in_the_runs_folder(run):
    config = evaluation_config_of_run(RunFolder(run), "fine-tune", ["data=colors"])
    assert config.folder == run / "evaluations" / "fine-tune"


def test_a_new_run_in_the_folder_has_no_scores(run):
    evaluate(run, "effective-rank")
    train(RunFolder(run).read_config(), run, overwrite=True)
    assert not (run / "evaluations").exists()


def test_mistakes(run, tmp_path):
    with pytest.raises(RunError, match="there is no run folder"):
        evaluate(tmp_path / "nowhere", "knn")
    with pytest.raises(UnknownNameError, match="knn"):
        evaluate(run, "kn")
    with pytest.raises(ConfigError, match="the device 'tpu' is not available here"):
        evaluate(run, "effective-rank", device="tpu")
    with pytest.raises(ConfigError, match="kk = 3: unknown key"):
        evaluate(run, "knn", ["kk=3"])
