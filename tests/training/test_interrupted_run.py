"""Programs that Ctrl-C or SIGTERM stops, and the commands that they print to go on."""

import csv
import os
import random
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from forked_program import run_gaussrep
from safetensors.torch import load_file

from gaussrep.training.interruption import StopRequest

TOY = Path(__file__).parent / "toy"
PROGRAM = [sys.executable, "-W", "error", "-c", "from gaussrep.cli.main import main; main()"]
TRAIN = (
    *("train", "toy", "data=toy", "data.samples=22", "trainer.steps=30", "trainer.lr=0.01"),
    *("trainer.batch_size=4", "trainer.log_every=1", "trainer.validate_every=0"),
    *("trainer.checkpoint_every=8", "trainer.device=cpu", "trainer.tensorboard=false"),
)
SLOWLY = "method.pause=0.05"
FIT = (
    *("fit", "synthetic:balls", "steps=60", "data.image_size=32", "init.count=200", "log_every=1"),
    *("strategy.max_gaussians=400", "strategy.refine_every=7", "sh_degree=1", "tensorboard=false"),
    *("--renderer", "reference"),
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="signals cannot be sent to one program"),
]


def environment():
    python_path = os.pathsep.join([str(TOY), os.environ.get("PYTHONPATH", "")])
    return os.environ | {"PYTHONPATH": python_path, "OMP_NUM_THREADS": "1"}


def start(folder, *arguments, program=PROGRAM):
    return subprocess.Popen(
        [*program, *arguments],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(folder, *arguments):
    done = run_gaussrep(*arguments, cwd=folder, env=environment())
    assert done.returncode == 0, done.stderr


def wait_until(condition, process):
    deadline = time.monotonic() + 300
    while not condition():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.005)


def rows(run):
    if not (run / "metrics.csv").exists():
        return []
    with (run / "metrics.csv").open() as stream:
        return list(csv.DictReader(stream))


def interrupt(process, number=signal.SIGINT):
    """Send the signal; return what the program printed last."""
    process.send_signal(number)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 128 + number, err
    assert "Traceback" not in err
    return err.splitlines()[-1]


def printed_command(line):
    program, *arguments = shlex.split(line.partition(" with: ")[2])
    assert program == "gaussrep"
    return arguments


def weights(run):
    return {name: values.tolist() for name, values in load_file(run / "model.safetensors").items()}


@pytest.fixture(scope="module", params=[TRAIN, FIT], ids=["train", "fit"])
def whole(request, tmp_path_factory):
    """The command of a run, and the run where nothing stopped it."""
    folder = tmp_path_factory.mktemp("whole")
    finish(folder, *request.param, "--run", "run")
    return request.param, folder / "run"


def slowly(command):
    return [*command, SLOWLY] if command is TRAIN else command


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_printed_command_goes_on_from_the_last_whole_step(whole, tmp_path, number):
    command, unbroken = whole
    run = tmp_path / "a run"
    process = start(tmp_path, *slowly(command), "--run", "a run")
    step = random.randint(3, 20)
    wait_until(lambda: len(rows(run)) >= step, process)
    line = interrupt(process, number)
    made = max(int(row["step"]) for row in rows(run))
    assert made >= step
    assert f"step {made} of" in line
    finish(tmp_path, *printed_command(line))
    assert weights(run) == weights(unbroken)
    assert [row["loss"] for row in rows(run)] == [row["loss"] for row in rows(unbroken)]


def test_the_printed_command_goes_on_after_a_stop_in_the_first_steps(whole, tmp_path):
    command, unbroken = whole
    run = tmp_path / "run"
    process = start(tmp_path, *slowly(command), "--run", "run")
    wait_until((run / "config.yaml").exists, process)
    line = interrupt(process)
    assert "is saved; resume with: gaussrep " in line
    finish(tmp_path, *printed_command(line))
    assert weights(run) == weights(unbroken)


def test_before_the_run_folder_the_same_command_is_printed(whole, tmp_path):
    command, unbroken = whole
    process = start(tmp_path, *command, "--run", "run")
    assert process.stderr is not None
    process.stderr.readline()  # printed before torch is imported
    line = interrupt(process)
    assert line.startswith("interrupted before the first step; start again with: gaussrep ")
    assert not (tmp_path / "run").exists()
    finish(tmp_path, *printed_command(line))
    assert weights(tmp_path / "run") == weights(unbroken)


def test_a_second_ctrl_c_stops_at_once_and_leaves_whole_files(tmp_path):
    process = start(tmp_path, *TRAIN, "method.pause=4", "--run", "run")
    wait_until(lambda: rows(tmp_path / "run"), process)
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    assert any("again stops at once" in line for line in iter(process.stderr.readline, ""))
    line = interrupt(process)
    assert "step 0 of 30 is saved" in line
    assert not list((tmp_path / "run").rglob(".*.tmp"))


def test_launchers_repeat_sigterm_and_users_mean_it(monkeypatch):
    now = iter([100.0, 103.0, 106.0])
    monkeypatch.setattr("gaussrep.training.interruption.time.monotonic", lambda: next(now))
    request = StopRequest()
    request(signal.SIGTERM, None)
    request(signal.SIGTERM, None)
    with pytest.raises(KeyboardInterrupt):
        request(signal.SIGTERM, None)
    assert request.received == signal.SIGTERM


def test_workers_survive_ctrl_c_until_the_step_is_saved(tmp_path):
    run = tmp_path / "run"
    process = start(tmp_path, *TRAIN, SLOWLY, "trainer.num_workers=2", "--run", "run")
    wait_until(lambda: len(rows(run)) >= 3, process)
    workers = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not workers.exists():
        pytest.skip("children of a process cannot be listed here")
    for worker in workers.read_text().split():
        os.kill(int(worker), signal.SIGINT)
    line = interrupt(process)
    assert "resume with: gaussrep train --resume run" in line
    finish(tmp_path, *printed_command(line))


def test_all_processes_stop_after_the_same_step(tmp_path):
    launcher = ["torch.distributed.run", "--standalone", "--nproc_per_node=2", "--no-python", "--"]
    two = [sys.executable, "-m", *launcher, *PROGRAM]
    process = start(tmp_path, *TRAIN, SLOWLY, "--run", "run", program=two)
    wait_until(lambda: len(rows(tmp_path / "run")) >= 3, process)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=300)
    (line,) = [line for line in err.splitlines() if "resume with: " in line]
    made = max(int(row["step"]) for row in rows(tmp_path / "run"))
    assert f"step {made} of 30 is saved" in line
    assert line.endswith("--processes 2")
    finish(tmp_path, *printed_command(line))
    assert len(rows(tmp_path / "run")) == 30
