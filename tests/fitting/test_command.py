import os
import subprocess
import sys

import pytest
import torch
import yaml
from forked_program import run_gaussrep
from packaging.version import Version

import gaussrep as gr
from gaussrep.cli.fit import fit_config
from gaussrep.errors import ConfigError

LISTING = """
import sys
from gaussrep.cli.main import main
try:
    main()
finally:
    heavy = ("torch", "torch._dynamo", "torch.distributed.tensor", "pandas", "PIL.Image")
    print("imported:", *(name for name in heavy if name in sys.modules))
"""
QUICK = (
    "steps=6",
    "data.image_size=16",
    "init.count=30",
    "strategy.max_gaussians=40",
    "sh_degree=1",
)


@pytest.fixture
def gaussrep(tmp_path):
    """Run the program in an empty folder."""

    def call(*arguments):
        env = os.environ | {"OMP_NUM_THREADS": "1"}
        return run_gaussrep("fit", *arguments, cwd=tmp_path, env=env)

    return call


def test_fits_a_synthetic_scene(gaussrep, tmp_path):
    done = gaussrep("synthetic:balls", *QUICK, "--renderer", "reference")
    assert done.returncode == 0, done.stderr
    assert "runs/fit-1/scene.ply: 30 Gaussians after 6 steps, held-out views" in done.stdout
    assert done.stdout.splitlines()[1:] == [
        "look at it:   gaussrep render runs/fit-1/scene.ply --out scene.png",
        "report:       gaussrep inspect runs/fit-1",
        "train longer: gaussrep fit --resume runs/fit-1 steps=12",
    ]
    assert gr.load(tmp_path / "runs" / "fit-1" / "scene.ply").count == 30
    config = yaml.safe_load((tmp_path / "runs/fit-1/config.yaml").read_text(encoding="utf-8"))
    assert config["method"]["renderer"]["type"] == "reference"
    assert config["data"]["capture"]["path"] == "synthetic:balls"
    again = gaussrep("--resume", "runs/fit-1")
    assert again.returncode == 2
    first, _, command = again.stderr.strip().partition("; to train longer: gaussrep fit ")
    assert first == "error: runs/fit-1 is complete at step 6"
    longer = gaussrep(*command.split(), "log_every=1")
    assert "30 Gaussians after 12 steps" in longer.stdout, longer.stderr


@pytest.mark.skipif(
    Version(torch.__version__) < Version("2.12.dev0"), reason="older optimizers import them"
)
def test_a_step_imports_neither_the_compiler_nor_the_sharding_of_torch(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", LISTING, "fit", "synthetic:balls", *QUICK, "--renderer=reference"],
        cwd=tmp_path,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "imported: torch\n" in done.stdout, done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["synthetic:balls", "stepz=3"], "stepz"),
        (["synthetic:balls", "strategy.mots=3"], "strategy"),
        (["synthetic:balls", "renderer=cqu"], "cqu"),
        (["steps=3"], "data: is missing"),
        (["nowhere", "steps=3"], "nowhere: this is not a capture"),
        (["--resume", "nowhere"], "there is no run folder nowhere"),
        (["synthetic:balls", "--resume", "runs/fit-1"], "give nothing else"),
        (["--resume", "nowhere", "sh_degree=2"], "sh_degree cannot change on --resume"),
    ],
)
def test_mistakes_are_told_in_one_line(gaussrep, tmp_path, arguments, message):
    done = gaussrep(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_mistakes_in_settings_are_told_without_torch():
    program = "import sys; sys.modules['torch'] = None; from gaussrep.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "fit", "synthetic:balls", "stepz=3"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "stepz" in done.stderr


def strategy_of(*overrides):
    return fit_config("synthetic:balls", None, [], list(overrides)).strategy


def test_a_strategy_is_named_or_set():
    assert strategy_of().type == "default"
    assert strategy_of("strategy.max_gaussians=7").max_gaussians == 7
    assert strategy_of("strategy=mcmc").type == "mcmc"
    both = strategy_of("strategy=mcmc", "strategy.refine_every=9")
    assert (both.type, both.refine_every) == ("mcmc", 9)


def test_refuses_a_setting_of_the_other_strategy():
    with pytest.raises(ConfigError, match="noise"):
        fit_config("synthetic:balls", None, [], ["strategy=default", "strategy.noise=1"])
