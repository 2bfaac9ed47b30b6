"""A run that is killed and resumed, against one that never was; and two processes against one.

All runs are programs of their own: nothing of the tests' run-time type checks is in them.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from forked_program import run_gaussrep
from metrics_rows import rows_of

TOY = Path(__file__).parent / "toy"
OF_ITSELF = "ignore::FutureWarning:torch.storage"
"""What torch 2.4 warns of itself when processes exchange tensors."""
WARNINGS = ["-W", "error", "-W", OF_ITSELF]
PROGRAM = [sys.executable, *WARNINGS, "-c", "from gaussrep.cli.main import main; main()"]
PRINT_THREADS = """
from pathlib import Path
from gaussrep.cli.main import main
try:
    main()
finally:
    print([(task / "comm").read_text().strip() for task in Path("/proc/self/task").iterdir()])
"""
SETTINGS = (
    *("data=toy", "data.samples=22", "method.dice=true", "trainer.steps=30", "trainer.lr=0.01"),
    *("trainer.batch_size=4", "trainer.log_every=1", "trainer.validate_every=6"),
    *("trainer.device=cpu", "trainer.tensorboard=false"),
)


def environment():
    python_path = os.pathsep.join([str(TOY), os.environ.get("PYTHONPATH", "")])
    return os.environ | {"PYTHONPATH": python_path, "OMP_NUM_THREADS": "1"}


def start(folder, *arguments, program=PROGRAM):
    return subprocess.Popen(
        [*program, "train", *arguments],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process):
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return out


def train(folder, *arguments):
    """Train in one process."""
    done = run_gaussrep("train", *arguments, cwd=folder, env=environment())
    assert done.returncode == 0, done.stderr
    return done.stdout


def wait_for_rows(process, run, count):
    deadline = time.monotonic() + 300
    while not (run / "metrics.csv").exists() or len(rows_of(run)) < count:
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    train(folder, "toy", *SETTINGS, "--run", "run")
    return folder / "run"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("checkpoint_every", "killed_after"),
    [(7, 17), (10, 23)],
    ids=["in mid-epoch", "at an epoch's end"],  # an epoch has five steps
)
def test_a_killed_run_goes_on_as_if_it_never_was(tmp_path, whole, checkpoint_every, killed_after):
    run = tmp_path / "run"
    slowly = (f"trainer.checkpoint_every={checkpoint_every}", "method.pause=0.05")
    process = start(tmp_path, "toy", *SETTINGS, *slowly, "--run", "run")
    wait_for_rows(process, run, killed_after)
    process.kill()
    process.communicate()
    assert process.returncode == -9
    assert len(rows_of(run)) < 30

    out = train(tmp_path, "--resume", "run")
    assert rows_of(run) == rows_of(whole)
    assert out.startswith("run: loss ")
    assert (run / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()


@pytest.mark.slow
def test_two_processes_of_unequal_shares_equal_one(tmp_path):
    settings = [
        *("toy", "data=toy", "method.noise=0", "trainer.steps=8", "trainer.lr=0.01"),
        *("trainer.batch_size=5", "trainer.gradient_accumulation_steps=2"),
        *("trainer.log_every=1", "trainer.validate_every=4", "trainer.checkpoint_every=4"),
        *("trainer.device=cpu", "trainer.tensorboard=false"),
    ]
    out = finish(start(tmp_path, *settings, "--processes", "2"))
    train(tmp_path, *settings)

    together, alone = (rows_of(tmp_path / "runs" / name) for name in ("toy-1", "toy-2"))
    assert [row["step"] for row in together] == [str(step) for step in range(1, 9)]
    assert [row["epoch"] for row in together] == [row["epoch"] for row in alone]
    for name in ("loss", "grad_norm"):
        wanted = pytest.approx([float(row[name]) for row in alone], rel=1e-5)
        assert [float(row[name]) for row in together] == wanted
    for step in (3, 7):
        wanted = pytest.approx(float(alone[step]["val_loss"]), rel=1e-5)
        assert float(together[step]["val_loss"]) == wanted
    assert out.count("after 8 steps") == 1
    assert not list((tmp_path / "runs" / "toy-1" / "checkpoints").glob(".*"))


@pytest.mark.slow
def test_two_nodes_of_torchrun_equal_two_processes_of_one(tmp_path):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    launcher = [sys.executable, "-m", "torch.distributed.run", "--nnodes=2", "--nproc_per_node=1"]
    launcher += ["--master_addr=127.0.0.1", f"--master_port={port}"]
    both = [*SETTINGS, "trainer.steps=8"]
    nodes = [
        start(
            tmp_path, "toy", *both, "--run", "nodes",
            program=[*launcher, f"--node_rank={rank}", "--no-python", "--", *PROGRAM],
        )
        for rank in range(2)
    ]  # fmt: skip
    outputs = [finish(node) for node in nodes]
    finish(start(tmp_path, "toy", *both, "--run", "together", "--processes", "2"))
    assert rows_of(tmp_path / "nodes") == rows_of(tmp_path / "together")
    assert [out.count("after 8 steps") for out in outputs] in ([1, 0], [0, 1])


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals cannot be sent to one program")
def test_a_stopped_run_of_two_processes_prints_one_command(tmp_path):
    slowly = [*SETTINGS, "method.pause=0.05"]
    process = start(tmp_path, "toy", *slowly, "--run", "run", "--processes", "2")
    wait_for_rows(process, tmp_path / "run", 3)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 143
    assert err.count("resume with: gaussrep train --resume run --processes 2") == 1
    assert "Traceback" not in err


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs Linux to list threads")
def test_no_thread_of_the_process_group_outlives_a_run(tmp_path):
    """With torch 2.12, one that drops a tensor while Python ends aborts the process."""
    launcher = ["torch.distributed.run", "--standalone", "--nproc_per_node=2", "--no-python", "--"]
    two = [sys.executable, "-m", *launcher, sys.executable, *WARNINGS, "-c", PRINT_THREADS]
    out = finish(start(tmp_path, "toy", *SETTINGS, "--run", "run", program=two))
    threads = [line for line in out.splitlines() if line.startswith("['")]
    assert len(threads) == 2
    assert not any("gloo" in line for line in threads)
