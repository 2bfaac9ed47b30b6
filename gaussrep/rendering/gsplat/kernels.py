"""Check for and load gsplat's kernels.

gsplat compiles its kernels when one is first called, which takes minutes and happens even if no
device could run them. Only `load_rasterization` calls one.
"""

import os
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from gaussrep.errors import UnavailableError

BUILD_ERRORS = (ImportError, OSError, RuntimeError, AttributeError, subprocess.SubprocessError)


def check_runnable() -> None:
    """Raise unless gsplat's kernels are built or can be built, and a device can run them.

    Nothing of gsplat is imported.

    Raises:
        UnavailableError: With the cause, the cure, and a renderer that works without it.
    """
    if torch.version.cuda is None:
        raise UnavailableError(
            "renderer 'gsplat' needs CUDA, and this torch is built without it; install a CUDA "
            "build of torch, or use the renderer 'auto', which renders on the CPU."
        )
    if not torch.cuda.is_available():
        raise UnavailableError(
            "renderer 'gsplat' needs a CUDA device, and torch finds none here; check that "
            "nvidia-smi lists one, or use the renderer 'auto', which renders on the CPU."
        )
    if not _has_built_kernels() and not _has_compiler():
        raise UnavailableError(
            "renderer 'gsplat' compiles its kernels on first use, and there is no nvcc here; "
            f"install the CUDA toolkit {torch.version.cuda} and set CUDA_HOME, install a wheel of "
            "gsplat with built kernels, or use the renderer 'triton', which needs no toolkit."
        )


def _has_built_kernels() -> bool:
    """Whether the installed wheel contains compiled kernels."""
    spec = find_spec("gsplat")
    folders = [] if spec is None else spec.submodule_search_locations or []
    return any(
        Path(folder, f"csrc{suffix}").exists()
        for folder in folders
        for suffix in EXTENSION_SUFFIXES
    )


def _has_compiler() -> bool:
    homes = [os.environ.get("CUDA_HOME"), os.environ.get("CUDA_PATH"), "/usr/local/cuda"]
    return shutil.which("nvcc") is not None or any(
        home and shutil.which("nvcc", path=str(Path(home, "bin"))) for home in homes
    )


@cache
def load_rasterization(device: torch.device) -> Callable[..., Any]:
    """Import gsplat and have its kernels built, which takes minutes the first time.

    Args:
        device: The CUDA device to render on.

    Returns:
        `gsplat.rasterization`.

    Raises:
        UnavailableError: If the kernels cannot be built or loaded.
    """
    try:
        import gsplat

        quats = torch.tensor([[1.0, 0, 0, 0]], device=device)
        gsplat.quat_scale_to_covar_preci(quats, torch.ones(1, 3, device=device))
    except BUILD_ERRORS as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise UnavailableError(
            f"gsplat's kernels could not be built or loaded ({reason}); install the CUDA toolkit "
            f"{torch.version.cuda} and a C++ compiler that it supports, or use "
            "the renderer 'triton', which needs no toolkit."
        ) from error
    return gsplat.rasterization
