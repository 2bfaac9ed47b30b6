"""Description of the machine of a measurement."""

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

import gaussrep

LIBRARIES = ("torch", "numpy", "numba", "triton", "gsplat", "spconv", "pytorch3d")


def describe_machine() -> dict[str, Any]:
    """Processor, cores, devices and versions.

    Returns:
        Plain data for JSON.
    """
    devices = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "gpus": devices,
        "platform": platform.platform(),
        "python": platform.python_version(),
        "gaussrep": gaussrep.__version__,
        "commit": _commit(),
        **{name: _version(name) for name in LIBRARIES},
    }


def _cpu_model() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _commit() -> str | None:
    """Commit of the checkout that gaussrep runs from, if it does; `-dirty` if it was changed."""
    checkout = Path(gaussrep.__file__).parents[1]
    if not (checkout / ".git").exists():
        return None
    command = ["git", "-C", str(checkout), "describe", "--always", "--abbrev=40", "--dirty"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
