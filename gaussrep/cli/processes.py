"""`--processes`: start a command once per process of a data-parallel run on this machine."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from types import FrameType
from typing import Annotated

import typer

from gaussrep.runtime.cores import affinity_cores, usable_cores

ProcessesOption = Annotated[
    int,
    typer.Option(
        "--processes",
        min=1,
        help="Number of processes on this machine that share each step, one per GPU.",
    ),
]

GRACE_SECONDS = 30.0
"""Time that the other processes have to end after one has failed."""
POLL_SECONDS = 0.1
FORWARDED = ("SIGTERM", "SIGUSR1")


def start_processes(count: int) -> None:
    """Run this command in several processes and exit with their code; return in each of them.

    The processes get the variables that torchrun sets. One that fails ends the others. Ctrl-C
    reaches them by the terminal; SIGTERM and SIGUSR1 are forwarded.

    Args:
        count: Number of processes; with 1, and in a process that a launcher started, nothing
            happens.

    Raises:
        typer.Exit: With the code of the process that failed first, otherwise 0.
    """
    if count == 1 or "RANK" in os.environ:
        return
    command = [sys.executable, "-m", "gaussrep", *sys.argv[1:]]
    shared = os.environ | {
        "WORLD_SIZE": str(count),
        "LOCAL_WORLD_SIZE": str(count),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(_free_port()),
    }
    cores = usable_cores()
    of_quota = str(cores) if cores < affinity_cores() else None  # set by `prepare_process`
    if os.environ.get("OMP_NUM_THREADS") in (None, of_quota):
        shared["OMP_NUM_THREADS"] = str(max(1, cores // count))
    processes = [
        subprocess.Popen(command, env=shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)})
        for rank in range(count)
    ]
    _forward_signals(processes)
    code = _wait(processes)
    raise typer.Exit(code if code >= 0 else 128 - code)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _forward_signals(processes: Sequence["subprocess.Popen[bytes]"]) -> None:
    def forward(number: int, frame: FrameType | None) -> None:
        for process in processes:
            process.send_signal(number)

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in FORWARDED:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), forward)


def _wait(processes: Sequence["subprocess.Popen[bytes]"]) -> int:
    """Wait for all processes; return the code of the first that failed."""
    failed, deadline = 0, float("inf")
    while None in [process.poll() for process in processes]:
        codes = [process.returncode for process in processes if process.returncode]
        if codes and not failed:
            failed, deadline = codes[0], time.monotonic() + GRACE_SECONDS
            _end(processes)
        if time.monotonic() > deadline:
            for process in processes:
                process.kill()
        time.sleep(POLL_SECONDS)
    return failed or next((each.returncode for each in processes if each.returncode), 0)


def _end(processes: Sequence["subprocess.Popen[bytes]"]) -> None:
    for process in processes:
        if process.poll() is None:
            process.terminate()
