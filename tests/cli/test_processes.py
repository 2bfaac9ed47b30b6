import signal
import sys

import pytest
import typer

from gaussrep.cli.processes import start_processes

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the program is a shell script")


@pytest.fixture
def program(monkeypatch, tmp_path):
    """Let a shell script stand for the Python that runs gaussrep."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(sys, "argv", ["gaussrep", "train", "--processes", "2"])

    def write(script):
        path = tmp_path / "python"
        path.write_text(f"#!/bin/sh\ncd {tmp_path}\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(path))

    return write


def code_of(count):
    with pytest.raises(typer.Exit) as raised:
        start_processes(count)
    return raised.value.exit_code


def test_the_processes_get_what_torchrun_sets(program, tmp_path, monkeypatch):
    monkeypatch.setattr("gaussrep.cli.processes.usable_cores", lambda: 6)
    program(
        'echo "$* $LOCAL_RANK $WORLD_SIZE $LOCAL_WORLD_SIZE $MASTER_ADDR $OMP_NUM_THREADS" > $RANK;'
        "echo $MASTER_PORT >> port"
    )
    assert code_of(2) == 0
    for rank in range(2):
        wanted = f"-m gaussrep train --processes 2 {rank} 2 2 127.0.0.1 3\n"
        assert (tmp_path / str(rank)).read_text() == wanted
    first, second = (tmp_path / "port").read_text().split()
    assert first == second


@pytest.mark.parametrize(
    ("affinity", "given", "threads"),
    [(8, "6", "3"), (8, "4", "4"), (6, "6", "6")],
    ids=["a quota is divided", "the user's number is kept", "also without a quota"],
)
def test_threads_of_the_processes(program, tmp_path, monkeypatch, affinity, given, threads):
    monkeypatch.setattr("gaussrep.cli.processes.affinity_cores", lambda: affinity)
    monkeypatch.setattr("gaussrep.cli.processes.usable_cores", lambda: 6)
    monkeypatch.setenv("OMP_NUM_THREADS", given)
    program("echo $OMP_NUM_THREADS > $RANK")
    assert code_of(2) == 0
    assert [(tmp_path / str(rank)).read_text() for rank in range(2)] == [f"{threads}\n"] * 2


def test_one_that_fails_ends_the_others(program):
    program("if [ $RANK = 1 ]; then exit 3; fi; exec sleep 60")
    assert code_of(2) == 3


def test_one_that_a_signal_ends_gives_its_number(program):
    program("if [ $RANK = 0 ]; then kill -USR1 $$; fi; exec sleep 60")
    assert code_of(2) == 128 + signal.SIGUSR1


def test_one_that_will_not_end_is_killed(program, monkeypatch):
    monkeypatch.setattr("gaussrep.cli.processes.GRACE_SECONDS", 0.5)
    program(
        "if [ $RANK = 1 ]; then sleep 1; exit 4; fi; trap '' TERM; while true; do sleep 1; done"
    )
    assert code_of(2) == 4


def test_nothing_is_started_for_one_and_by_a_launcher(program, monkeypatch):
    program("exit 9")
    start_processes(1)
    monkeypatch.setenv("RANK", "0")
    start_processes(2)
