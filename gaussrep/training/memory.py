"""Memory usage of a run."""

import psutil
import torch


def memory_gb(device: torch.device) -> float:
    """Measure the memory usage of this process.

    Args:
        device: Device that the run computes on.

    Returns:
        Gigabytes (10^9 bytes): the peak of allocated tensors on a CUDA device, the current resident
        memory elsewhere.
    """
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 1e9
    return psutil.Process().memory_info().rss / 1e9
