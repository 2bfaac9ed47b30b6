"""A fit in two processes against one; programs of their own."""

import csv
import os
import subprocess
import sys

import pytest

import gaussrep as gr
from gaussrep.fitting.synthetic import synthetic_capture

OF_ITSELF = "ignore::FutureWarning:torch.storage"
"""What torch 2.4 warns of itself when processes exchange tensors."""
PROGRAM = [sys.executable, "-W", "error", "-W", OF_ITSELF]
PROGRAM += ["-c", "from gaussrep.cli.main import main; main()"]
LAUNCHER = ["torch.distributed.run", "--standalone", "--nproc_per_node=2", "--no-python", "--"]
TWO = [sys.executable, "-m", *LAUNCHER, *PROGRAM]
SETTINGS = [
    *("data.image_size=24", "init.count=50", "random_background=true"),
    *("steps=16", "evaluate_every=8", "log_every=1", "device=cpu", "tensorboard=false"),
    *("strategy.refine_every=4", "strategy.start_fraction=0"),
]


def fit(folder, program, *arguments):
    fitted = subprocess.run(
        [*program, "fit", "synthetic:balls", *SETTINGS, *arguments],
        cwd=folder, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True,
        timeout=600, check=False,
    )  # fmt: skip
    assert fitted.returncode == 0, fitted.stderr
    return fitted.stdout


def numbers(run, name):
    with (run / "metrics.csv").open(encoding="utf-8") as stream:
        return [float(row[name] or 0) for row in csv.DictReader(stream)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("strategy", "learned"),
    [("mcmc", []), ("default", []), ("default", ["optimize.exposure=true", "optimize.poses=true"])],
)
def test_two_processes_equal_one(tmp_path, strategy, learned):
    arguments = [f"strategy={strategy}", "strategy.max_gaussians=90", "batch_size=2", *learned]
    out = fit(tmp_path, TWO, *arguments, "--run", "together")
    fit(tmp_path, PROGRAM, *arguments, "--run", "alone")
    assert out.count("Gaussians after 16 steps") == 1
    together, alone = tmp_path / "together", tmp_path / "alone"
    for name in ("gaussians", "loss", "val_loss", "val_psnr"):
        assert numbers(together, name) == pytest.approx(numbers(alone, name), rel=1e-5)
    norms = numbers(alone, "grad_norm")  # which magnify rounding
    assert numbers(together, "grad_norm") == pytest.approx(norms, rel=1e-4)
    assert len(set(numbers(alone, "gaussians"))) > 1
    cameras = synthetic_capture(views=8, size=24).train.cameras
    images = [gr.render(gr.load(run / "scene.ply"), cameras).color for run in (together, alone)]
    assert (images[0] - images[1]).abs().max() < 1e-5
