"""Measuring in a process of its own, so that peak memory is that of nothing else."""

import json
import subprocess
import sys
from typing import Any


class NotMeasured(Exception):
    """The process failed or took too long; the message says why."""


def run_apart(module: str, cell: str, limit_s: float | None = None) -> dict[str, Any]:
    """Run a module as a program.

    Args:
        module: Takes one argument, and prints its measurement as the last line, in JSON.
        cell: The argument, what to measure.
        limit_s: After how many seconds to stop it; None waits as long as it takes.

    Returns:
        The measurement.

    Raises:
        NotMeasured: The process failed or took longer.
    """
    command = [sys.executable, "-m", module, cell]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit_s, check=False)
    except subprocess.TimeoutExpired:
        raise NotMeasured(f"stopped after {limit_s:g} s") from None
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise NotMeasured(last[0])
    return json.loads(done.stdout.splitlines()[-1])
