"""Run a measurement in a process of its own, so that peak memory is that of nothing else."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch

from harness.processor import require_resource

MB = 2**20
BENCHMARKS = Path(__file__).parents[1]


class BenchmarkError(Exception):
    """A measurement's process failed or took too long; the message gives the reason."""


def run_in_subprocess(module: str, cell: str, limit_s: float | None = None) -> dict[str, Any]:
    """Run a module of the benchmarks as a program.

    Args:
        module: Takes one argument and prints its measurement as the last line, in JSON.
        cell: The argument: what to measure, in JSON.
        limit_s: Seconds after which the process is stopped; None waits until it ends.

    Returns:
        The measurement.

    Raises:
        BenchmarkError: The process failed or took longer than the limit.
    """
    command = [sys.executable, "-m", module, cell]
    folders = os.pathsep.join([str(BENCHMARKS), os.environ.get("PYTHONPATH", "")])
    try:
        done = subprocess.run(
            command,
            env=os.environ | {"PYTHONPATH": folders},
            capture_output=True,
            text=True,
            timeout=limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise BenchmarkError(f"stopped after {limit_s:g} s") from None
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise BenchmarkError(last[0])
    return json.loads(done.stdout.splitlines()[-1])


def peak_mb(device: str) -> float:
    """Return the peak memory of this process.

    Args:
        device: Torch device type on which the process works, `"cpu"` or `"cuda"`.

    Returns:
        Largest resident size in MiB; on CUDA, the most that torch allocated there.
    """
    if device == "cuda":
        return torch.cuda.max_memory_allocated() / MB
    status = Path("/proc/self/status")
    if status.exists():  # getrusage also counts the parent process
        line = next(
            row
            for row in status.read_text(encoding="utf-8").splitlines()
            if row.startswith("VmHWM")
        )
        return int(line.split()[1]) / 1024
    resource = require_resource()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (MB if sys.platform == "darwin" else 1024)
