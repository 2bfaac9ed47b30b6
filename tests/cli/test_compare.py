import csv
import json

import pytest

from gaussrep.cli.compare import compare
from gaussrep.errors import ConfigError, RunError

SCORES = {0.75: (0.50, 0.52, 0.55), 0.5: (0.51, 0.54, 0.56), 0.25: (0.40, 0.45)}


@pytest.fixture
def runs(tmp_path):
    """Finished runs of three mask ratios and up to three seeds."""
    for ratio, values in SCORES.items():
        for seed, value in enumerate(values):
            run = tmp_path / "runs" / f"{ratio}-{seed}"
            (run / "evaluations").mkdir(parents=True)
            settings = f"method: {{type: toy, mask_ratio: {ratio}}}\ntrainer: {{steps: 8}}\n"
            (run / "config.yaml").write_text(f"{settings}seed: {seed}\n")
            (run / "metrics.csv").write_text(f"step,loss,val_loss\n4,1,{value}\n8,2,\n")
            (run / "finished.json").write_text(json.dumps({"step": 8}))
            scores = {"scores": {"toy": {"top1": 2 * value}, "chance": {"top1": 0.1}}}
            (run / "evaluations" / "knn.json").write_text(json.dumps(scores))
    return tmp_path / "runs"


def in_order(runs):
    return [runs / f"{ratio}-{seed}" for ratio in SCORES for seed in range(len(SCORES[ratio]))]


def test_groups_are_compared_with_the_first_over_common_seeds(runs, tmp_path, capsys):
    outs = [tmp_path / f"out.{suffix}" for suffix in ("json", "csv", "png")]
    compare(in_order(runs), metric=["val_loss"], margin=0.05, out=outs)
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split()[:4] == ["metric", "runs", "seeds", "mean"]
    assert [row.split()[1:4] for row in rows] == [
        ["method.mask_ratio=0.75", "3", "0.52333"],
        ["method.mask_ratio=0.5", "3", "0.53667"],
        ["method.mask_ratio=0.25", "2", "0.425"],
    ]
    first, second, third = json.loads(outs[0].read_text())
    assert first["difference"] is None
    assert second["difference"] == pytest.approx(0.04 / 3)
    half = 4.30265 * 0.0057735 / 3**0.5  # Student's t of two degrees of freedom
    assert second["high"] - second["difference"] == pytest.approx(half, rel=1e-4)
    assert (second["is_equivalent"], third["is_equivalent"]) == (True, False)
    assert rows[1].endswith("yes")
    assert rows[2].endswith("not shown")
    with outs[1].open() as stream:
        assert next(csv.DictReader(stream))["group"] == "method.mask_ratio=0.75"
    assert outs[2].read_bytes().startswith(b"\x89PNG")


def test_all_metrics_are_compared_without_a_choice(runs, capsys):
    compare([runs])
    metrics = [row.split()[0] for row in capsys.readouterr().out.splitlines()[1:]]
    assert list(dict.fromkeys(metrics)) == ["knn/top1", "loss", "val_loss"]


def test_what_cannot_be_compared_is_refused(runs, tmp_path):
    with pytest.raises(ConfigError, match="--margin is a positive number"):
        compare([runs], margin=0.1)
    with pytest.raises(ConfigError, match=r"expected one of \.json, \.csv, \.png"):
        compare([runs], out=[tmp_path / "out.pdf"])
    with pytest.raises(RunError, match=r"not all runs have 'nope'; all have knn/top1, loss"):
        compare([runs], metric=["nope"])
    with pytest.raises(RunError, match="the seed 0 of another run"):
        compare([runs, runs / "0.5-0"])
    (runs / "0.5-0" / "finished.json").unlink()
    with pytest.raises(RunError, match="is stopped at step 8; compare finished runs"):
        compare([runs])
