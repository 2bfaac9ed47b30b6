"""Devices by name."""

import torch

from gaussrep.errors import ConfigError


def resolve_device(name: str) -> torch.device:
    """Return an available device by name.

    Args:
        name: `auto` takes a CUDA device if there is one; otherwise `cpu`, `cuda`, `cuda:1`.

    Returns:
        The device.

    Raises:
        ConfigError: There is no such device here.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(f"the device {name!r} is not available here; use auto or cpu") from error
    return device
