"""Memory that a run takes."""

import psutil
import torch


def memory_gb(device: torch.device) -> float:
    """Measure the memory that this process takes.

    Args:
        device: Device that the run computes on.

    Returns:
        Units of 10^9 bytes: on a CUDA device the most that tensors have taken so far, elsewhere
        the resident memory now.
    """
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 1e9
    return psutil.Process().memory_info().rss / 1e9
