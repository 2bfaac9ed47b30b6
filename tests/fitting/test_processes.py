"""A fit in two processes against one; programs of their own."""

import csv
import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from forked_program import run_gaussrep

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


def launch(folder, *arguments):
    fitted = subprocess.run(
        [*TWO, "fit", "synthetic:balls", *SETTINGS, *arguments],
        cwd=folder, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True,
        timeout=600, check=False,
    )  # fmt: skip
    assert fitted.returncode == 0, fitted.stderr
    return fitted.stdout


def fork(folder, *arguments, processes):
    """Fit in forked processes, with the variables that a launcher sets."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        variables = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(listener.getsockname()[1])}

    def rank(number):
        env = os.environ | {"OMP_NUM_THREADS": "1"}
        if processes > 1:
            env |= {**variables, "RANK": str(number), "LOCAL_RANK": str(number)}
            env |= {"WORLD_SIZE": str(processes), "LOCAL_WORLD_SIZE": str(processes)}
        return run_gaussrep("fit", "synthetic:balls", *SETTINGS, *arguments, cwd=folder, env=env)

    with ThreadPoolExecutor(processes) as pool:
        fitted = list(pool.map(rank, range(processes)))
    assert [each.returncode for each in fitted] == [0] * processes, fitted[0].stderr
    return "".join(each.stdout for each in fitted)


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
    together = launch if strategy == "mcmc" else partial(fork, processes=2)
    out = together(tmp_path, *arguments, "--run", "together")
    fork(tmp_path, *arguments, "--run", "alone", processes=1)
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
