import json
import os
from pathlib import Path

from forked_program import run_gaussrep

TOY = Path(__file__).parents[1] / "toy"


def run(*arguments, cwd):
    variables = {"PYTHONPATH": str(TOY), "OMP_NUM_THREADS": "1", "COLUMNS": "200"}
    done = run_gaussrep(*arguments, env=os.environ | variables, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done


def test_a_run_is_trained_probed_on_the_way_and_fine_tuned(tmp_path):
    trainer = ["trainer.steps=2", "trainer.batch_size=2", "trainer.tensorboard=false"]
    online = ["evaluations.probe.type=semantic-probe", "evaluations.probe.steps=2"]
    where = ["--run", "run"]
    run("train", "feeler", *where, "data=rooms", *trainer, *online, cwd=tmp_path)
    assert "probe/miou" in (tmp_path / "run" / "metrics.csv").read_text().splitlines()[0]
    settings = ["steps=2", "min_points=40"]
    done = run("evaluate", "instance-fine-tune", "run", *settings, cwd=tmp_path)
    assert "from scratch" in done.stdout
    assert "instance-fine-tune/from-scratch: PointGroup" in done.stderr
    folder = tmp_path / "run" / "evaluations"
    assert (folder / "instance-fine-tune" / "from-scratch" / "model.safetensors").exists()
    record = json.loads((folder / "instance-fine-tune.json").read_text())
    assert record["scores"].keys() == {"feeler", "from scratch"}
    assert record["facts"]["class_ap"]["feeler"]["wall"] is None
