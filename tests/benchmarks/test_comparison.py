import json

import pytest

from gaussrep.errors import RunError
from gaussrep.evaluation import Scores


class Stopped(Exception):
    """Stands for whatever ends a script in the middle."""


@pytest.fixture
def fill(script, monkeypatch, tmp_path):
    """Fill the table of cifar10.py, training and evaluation made up; `asked` keeps the calls."""
    module, cifar10 = script("comparison"), script("cifar10")
    requested, limits = [], []

    def pretrain(config, folder, *, is_trained):
        requested.append((folder.name, config.seed, config.method.type, is_trained))

    def evaluated(folder, name, overrides, device):
        if limits and len(requested) >= limits[0]:
            raise Stopped
        requested.append((folder.name, name, *overrides))
        own = {"top1": 0.5, "psnr": 20.0}
        return Scores({"gmae": own, "chance": {"top1": 0.1}})

    monkeypatch.setattr(module, "pretrain", pretrain)
    monkeypatch.setattr(module, "evaluated", evaluated)

    def run(seeds=(0, 1), steps=7, stop=None):
        limits[:] = [] if stop is None else [stop]
        tuning = ("epochs=3", "gradient_accumulation_steps=1")
        comparison = cifar10.make_comparison(tmp_path, steps, tuning, "cpu", ())
        comparison.fill(seeds, tmp_path / "runs", tmp_path / "out.json", {"steps": steps})
        return json.loads((tmp_path / "out.json").read_text())

    return run, requested


def test_every_cell_has_one_number_per_seed(fill):
    run, requested = fill
    rows = run()["rows"]
    names = ["GMAE", "MAE", "MAE, normalized target", "GMAE, normalized target"]
    assert list(rows) == [*names, "random encoder", "chance"]
    assert rows["chance"] == {"knn": [0.1, 0.1], "linear-probe": [0.1, 0.1]}
    assert rows["GMAE"] == {
        "knn": [0.5, 0.5], "linear-probe": [0.5, 0.5], "fine-tune": [0.5, 0.5], "psnr": [20.0, 20.0]
    }  # fmt: skip
    assert "psnr" not in rows["MAE, normalized target"]
    assert (
        "gmae-0",
        "fine-tune",
        "seed=0",
        "epochs=3",
        "gradient_accumulation_steps=1",
    ) in requested
    assert ("mae-normalized-target-1", 1, "mae", True) in requested
    assert ("random-encoder-0", 0, "gmae", False) in requested


def test_what_is_in_the_file_is_not_measured_again(fill, tmp_path):
    run, requested = fill
    with pytest.raises(Stopped):
        run(stop=4)
    written = json.loads((tmp_path / "out.json").read_text())["rows"]
    assert written["GMAE"] == {"knn": [0.5], "linear-probe": [0.5], "fine-tune": [0.5]}
    del requested[:]
    run()
    assert requested[:2] == [("gmae-0", 0, "gmae", True), ("gmae-0", "reconstruction", "seed=0")]
    del requested[:]
    run()
    assert requested == []


def test_other_facts_are_another_file(fill):
    run, _ = fill
    run()
    with pytest.raises(RunError, match=r"holds another comparison, .*7.* another --out"):
        run(steps=8)
