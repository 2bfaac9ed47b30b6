"""How much memory a process has needed."""

import sys
from pathlib import Path

import torch

MB = 2**20


def peak_mb(device: str) -> float:
    """Largest memory so far.

    Args:
        device: Device type on which the process works.

    Returns:
        Largest resident size of this process in MiB; on CUDA, the most that torch allocated.
    """
    if device == "cuda":
        return torch.cuda.max_memory_allocated() / MB
    status = Path("/proc/self/status")
    if status.exists():  # getrusage counts the process that started this one, too
        line = next(row for row in status.read_text().splitlines() if row.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (MB if sys.platform == "darwin" else 1024)
