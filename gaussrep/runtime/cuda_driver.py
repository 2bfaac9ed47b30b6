"""Whether CUDA can work here, based on the installed files. Never imports torch."""

import ctypes
import os
import re
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from gaussrep.errors import ConfigError

DRIVERS = {"linux": "libcuda.so.1", "win32": "nvcuda.dll"}
"""Library of NVIDIA's driver, by platform; there is none for macOS."""
AMD = Path("/dev/kfd")
"""Device of AMD's driver, which torch calls CUDA, too."""


@cache
def missing_cuda() -> str | None:
    """Find out why there is no CUDA device, without importing torch.

    A driver may be installed without a device, so None does not mean that there is one.

    Returns:
        The reason, such as "no NVIDIA driver is installed"; None if there may be a device.
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None and visible.strip() in ("", "-1"):
        return f"CUDA_VISIBLE_DEVICES={visible.strip()} hides every device"
    if not (_has_driver() or AMD.exists()):
        return "no NVIDIA driver is installed"
    if (build := _torch_version()).endswith("+cpu"):
        return f"torch {build} is built without CUDA"
    return None


def require_device(setting: str, name: str) -> None:
    """Check that there may be a device of a name.

    Args:
        setting: Name of the setting or option, such as `trainer.device` or `--device`.
        name: `auto`, `cpu`, `cuda`, `cuda:1`, …

    Raises:
        ConfigError: It is not the name of a device, or this system cannot have such a device.
    """
    if re.fullmatch(r"auto|(cpu|cuda|mps|xpu)(:\d+)?", name) is None:
        raise ConfigError(f"{setting} is {name!r}; expected auto, cpu, cuda, or cuda:1 and so on")
    if name == "mps" and sys.platform != "darwin":
        raise ConfigError(f"{setting}=mps, but only macOS has it; use auto or cpu")
    if name.partition(":")[0] == "cuda" and (reason := missing_cuda()):
        raise ConfigError(f"{setting}={name}, but {reason}; use auto or cpu")


def _has_driver() -> bool:
    library = DRIVERS.get(sys.platform)
    try:
        return library is not None and ctypes.CDLL(library) is not None
    except OSError:
        return False


def _torch_version() -> str:
    try:
        return version("torch")
    except PackageNotFoundError:
        return ""
