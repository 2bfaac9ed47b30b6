import json
import os
import socket
import subprocess
import sys
import time

import pytest

from gaussrep.training.run_list import list_runs

CONFIG = "method: {type: toy}\ntrainer: {steps: null, epochs: 2}\n"


@pytest.fixture
def run(tmp_path):
    """A run in epochs at step 4 of 10, with eight samples per step and two steps per second."""
    folder = tmp_path / "runs" / "deep" / "toy-1"
    checkpoint = folder / "checkpoints" / "step-00000002"
    checkpoint.mkdir(parents=True)
    (folder / "config.yaml").write_text(CONFIG)
    state = {"step": 2, "steps": 10, "samples_per_step": 8}
    (checkpoint / "state.json").write_text(json.dumps(state))
    (folder / "metrics.csv").write_text(
        "step,loss,samples_per_second,val_loss\n2,0.5,1,0.7\n3,0.4,16,\n4,0.3,32,\n5,0."
    )
    return folder


def own(run, pid, host=None):
    (run / ".owner.json").write_text(json.dumps({"pid": pid, "host": host or socket.gethostname()}))


def summary(run):
    (found,) = list_runs(run.parents[1])
    return found


def test_a_stopped_run(run):
    found = summary(run)
    assert (found.path, found.method, found.state) == (run, "toy", "stopped")
    assert (found.step, found.steps) == (4, 10)
    assert found.metrics == {"loss": 0.3, "samples_per_second": 32, "val_loss": 0.7}
    assert found.seconds_left is None
    assert found.written == (run / "metrics.csv").stat().st_mtime


def test_a_finished_run(run):
    (run / "finished.json").write_text('{"step": 10}')
    assert summary(run).state == "finished"


def test_a_resumed_run_that_was_finished_is_running(run):
    (run / "finished.json").write_text('{"step": 10}')
    own(run, os.getpid())
    found = summary(run)
    assert (found.state, str(found.owner)) == (
        "running",
        f"process {os.getpid()} on {socket.gethostname()}",
    )
    assert found.seconds_left == 6 * 8 / 16  # the median speed of three rows


def test_a_killed_process_runs_nothing(run):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    time.sleep(0.5)
    own(run, ended.pid)
    assert summary(run).state == "stopped"  # where the system still keeps its exit code
    ended.wait()
    assert summary(run).state == "stopped"


def test_another_process_with_the_same_number_runs_nothing(run):
    own(run, os.getpid())
    os.utime(run / ".owner.json", (1000, 1000))
    assert summary(run).state == "stopped"


def test_a_process_of_another_machine_is_trusted_to_live(run):
    own(run, 1, "node7")
    found = summary(run)
    assert (found.state, str(found.owner)) == ("running", "process 1 on node7")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config.yaml", "method: [\n"),
        ("config.yaml", "[1]"),
        ("config.yaml", "method: 3\ntrainer: 4"),
        ("metrics.csv", ""),
        ("metrics.csv", "step,loss\nmany,few\n"),
        ("metrics.csv", "loss\n1\n"),
        ("checkpoints/step-00000002/state.json", "[]"),
        ("checkpoints/step-00000002/state.json", '{"steps": "ten"}'),
        ("checkpoints/step-00000002/state.json", '{"steps": 0, "samples_per_step": []}'),
        (".owner.json", "{}"),
    ],
)
def test_damaged_files_hide_what_they_held(run, name, content):
    own(run, os.getpid())
    (run / name).write_text(content)
    assert summary(run).path == run


def test_hidden_folders_and_folders_in_runs_are_no_runs(run):
    (run / "evaluations").mkdir()
    (run / "evaluations" / "config.yaml").write_text(CONFIG)
    (run.parent / ".hidden").mkdir()
    (run.parent / ".hidden" / "config.yaml").write_text(CONFIG)
    assert summary(run).path == run
    assert list_runs(run)[0].path == run
