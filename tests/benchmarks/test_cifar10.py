import json
import subprocess
import sys

import pytest

from gaussrep.errors import RunError
from gaussrep.evaluation.evaluation import Scores


class Stopped(Exception):
    """Stands for whatever ends the script in the middle."""


@pytest.fixture
def comparison(script, monkeypatch, tmp_path):
    """The script's `compare`, with training and evaluation made up; `asked` keeps the calls."""
    module = script("cifar10")
    asked, limits = [], []

    def pretrain(config, folder, *, is_trained):
        asked.append((folder.name, config.seed, config.method.type, is_trained))

    def evaluate(folder, name, overrides, device):
        if limits and len(asked) >= limits[0]:
            raise Stopped
        asked.append((folder.name, name, *overrides))
        return Scores({"own": {"top1": 0.5, "psnr": 20.0}, "baseline": {"psnr": 1.0}})

    monkeypatch.setattr(module, "images", lambda budget, split: 3000)
    monkeypatch.setattr(module, "pretrain", pretrain)
    monkeypatch.setattr(module, "evaluate_run", evaluate)

    def compare(seeds=(0, 1), steps=7, stop=None):
        limits[:] = [] if stop is None else [stop]
        budget = module.Budget(tmp_path, steps, 3, "cpu", ())
        module.compare(budget, seeds, tmp_path / "runs", tmp_path / "out.json")
        return json.loads((tmp_path / "out.json").read_text())

    return compare, asked


def test_every_cell_has_one_number_per_seed(comparison):
    compare, asked = comparison
    rows = compare()["rows"]
    assert list(rows) == ["GMAE", "MAE", "MAE, normalised target", "random encoder"]
    assert rows["GMAE"] == {
        "knn": [0.5, 0.5], "linear-probe": [0.5, 0.5], "fine-tune": [0.5, 0.5], "psnr": [20.0, 20.0]
    }  # fmt: skip
    assert "psnr" not in rows["MAE, normalised target"]
    assert ("gmae-0", "fine-tune", "seed=0", "epochs=3", "accumulate=1") in asked
    assert ("mae-normalised-target-1", 1, "mae", True) in asked
    assert ("random-encoder-0", 0, "gmae", False) in asked


def test_what_is_in_the_file_is_not_measured_again(comparison, tmp_path):
    compare, asked = comparison
    with pytest.raises(Stopped):
        compare(stop=4)
    written = json.loads((tmp_path / "out.json").read_text())["rows"]
    assert written["GMAE"] == {"knn": [0.5], "linear-probe": [0.5], "fine-tune": [0.5]}
    del asked[:]
    compare()
    assert asked[:2] == [("gmae-0", 0, "gmae", True), ("gmae-0", "reconstruction", "seed=0")]
    del asked[:]
    compare()
    assert asked == []


def test_rows_differ_in_method_and_target_alone(script, tmp_path):
    module = script("cifar10")
    budget = module.Budget(tmp_path, 7, 3, "cpu", ("trainer.batch_size=8",))
    gmae, mae, normalized, random = (budget.config(row, 2) for row in module.ROWS.values())
    assert gmae == random
    assert gmae.trainer == mae.trainer == normalized.trainer
    assert gmae.data == mae.data == normalized.data
    assert (gmae.trainer.steps, gmae.trainer.batch_size, gmae.seed) == (7, 8, 2)
    for name in ("encoder", "decoder", "patch_size", "mask_ratio", "loss"):
        assert getattr(gmae.method, name) == getattr(mae.method, name)
    assert mae.method.model_copy(update={"target": "normalized"}) == normalized.method


def test_another_budget_is_another_file(comparison):
    compare, _ = comparison
    compare()
    with pytest.raises(RunError, match=r"holds another comparison, .*7 steps.* another --out"):
        compare(steps=8)


def test_mistakes_are_one_line(script, tmp_path):
    file = script("cifar10").__file__
    command = [sys.executable, file, "--root", str(tmp_path), "--out", str(tmp_path / "out.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.splitlines()) == 1
