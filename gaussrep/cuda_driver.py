"""Whether CUDA can work here, based on the installed files. Never imports torch."""

import ctypes
import os
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

DRIVERS = {"linux": "libcuda.so.1", "win32": "nvcuda.dll"}
"""Library of NVIDIA's driver, by platform; there is none for macOS."""
AMD = Path("/dev/kfd")
"""Device of AMD's driver, which torch calls CUDA, too."""


@cache
def missing_cuda() -> str | None:
    """Find out why there is no CUDA device, without importing torch.

    A driver may be installed where there is no device, so None is no promise.

    Returns:
        The reason, such as "no NVIDIA driver is installed"; None where there may be a device.
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None and visible.strip() in ("", "-1"):
        return f"CUDA_VISIBLE_DEVICES={visible.strip()} hides every device"
    if not (_has_driver() or AMD.exists()):
        return "no NVIDIA driver is installed"
    if (build := _torch_version()).endswith("+cpu"):
        return f"torch {build} is built without CUDA"
    return None


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
